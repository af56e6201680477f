-- One row a Procedure that was done or begun.
WITH dated AS (
    SELECT v.*, f.record_seq, f.record_ai, p.person_id, n.person_id IS NOT NULL AS has_person_row,
           e.visit_occurrence_id, d.id AS provider_id,
           coalesce(v.performed, v.performed_start, v.performed_end) AS started
      FROM views.procedure v
      JOIN fhir."Procedure" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN visit_of_encounter e ON e.encounter_key = v.encounter_key
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
)
SELECT 'Procedure' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN status IN ('preparation', 'not-done', 'entered-in-error') THEN 'status ' || status
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN lt_local_date(started) IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, 0) AS procedure_occurrence_id,
       person_id,
       coalesce(c.concept_id, 0) AS procedure_concept_id,
       lt_local_date(started) AS procedure_date,
       lt_local_time(started) AS procedure_datetime,
       lt_local_date(performed_end) AS procedure_end_date,
       lt_local_time(performed_end) AS procedure_end_datetime,
       32817 AS procedure_type_concept_id,
       0 AS modifier_concept_id,
       provider_id,
       visit_occurrence_id,
       coalesce(lt_present(source_code), lt_present(code_text)) AS procedure_source_value,
       0 AS procedure_source_concept_id
  FROM dated
  LEFT JOIN concept_of c ON c.concept_system = code_system AND c.concept_code = code
