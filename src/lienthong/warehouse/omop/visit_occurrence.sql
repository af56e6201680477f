-- One row an Encounter that took place. Class codes of HL7 v3 ActCode give the visit concept; an Encounter still under
-- way ends, for now, when it was recorded.
WITH dated AS (
    SELECT v.*, f.record_seq, f.record_ai, f.record_time, p.person_id,
           n.person_id IS NOT NULL AS has_person_row, d.id AS provider_id, coalesce(s.id, l.id) AS care_site_id,
           coalesce(v.period_start, v.period_end) AS started,
           coalesce(v.period_end,
                    CASE WHEN v.status IN ('arrived', 'triaged', 'in-progress', 'onleave') THEN f.record_time END,
                    v.period_start) AS ended
      FROM views.encounter v
      JOIN fhir."Encounter" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
      LEFT JOIN care_site_of s ON s.resource_key = v.organization_key
      LEFT JOIN care_site_of l ON l.resource_key = v.location_key
)
SELECT 'Encounter' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN status IN ('planned', 'cancelled', 'entered-in-error') THEN 'status ' || status
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN lt_local_date(started) IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       resource_key,
       lt_key(record_seq, 0) AS visit_occurrence_id,
       person_id,
       CASE WHEN class IN ('IMP', 'ACUTE', 'NONAC') THEN 9201
            WHEN class = 'AMB' THEN 9202
            WHEN class = 'EMER' THEN 9203
            WHEN class = 'HH' THEN 581476
            WHEN class = 'VR' THEN 5083 ELSE 0 END AS visit_concept_id,
       lt_local_date(started) AS visit_start_date,
       lt_local_time(started) AS visit_start_datetime,
       lt_local_date(ended) AS visit_end_date,
       lt_local_time(ended) AS visit_end_datetime,
       32817 AS visit_type_concept_id,
       provider_id,
       care_site_id,
       coalesce(class, type) AS visit_source_value,
       0 AS visit_source_concept_id,
       0 AS admitted_from_concept_id,
       admit_source AS admitted_from_source_value,
       0 AS discharged_to_concept_id,
       discharge_disposition AS discharged_to_source_value
  FROM dated
