-- One row a Condition that is not refuted. Its codes keep concept 0 with their source value until a vocabulary is here.
WITH dated AS (
    SELECT v.*, f.record_seq, f.record_ai, p.person_id, n.person_id IS NOT NULL AS has_person_row,
           e.visit_occurrence_id, d.id AS provider_id,
           coalesce(v.onset, v.onset_start, v.recorded_date, CAST(e.visit_start_date AS VARCHAR)) AS started,
           coalesce(v.abatement, v.abatement_end, v.onset_end) AS ended
      FROM views.condition v
      JOIN fhir."Condition" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN visit_of_encounter e ON e.encounter_key = v.encounter_key
      LEFT JOIN provider_of d ON d.resource_key = coalesce(v.asserter_key, v.recorder_key)
)
SELECT 'Condition' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN verification_status IN ('refuted', 'entered-in-error') THEN 'verification ' || verification_status
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN lt_local_date(started) IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, 0) AS condition_occurrence_id,
       person_id,
       coalesce(c.concept_id, 0) AS condition_concept_id,
       lt_local_date(started) AS condition_start_date,
       lt_local_time(started) AS condition_start_datetime,
       lt_local_date(ended) AS condition_end_date,
       lt_local_time(ended) AS condition_end_datetime,
       32817 AS condition_type_concept_id,
       0 AS condition_status_concept_id,
       provider_id,
       visit_occurrence_id,
       coalesce(lt_present(source_code), lt_present(code_text)) AS condition_source_value,
       0 AS condition_source_concept_id,
       verification_status AS condition_status_source_value
  FROM dated
  LEFT JOIN concept_of c ON c.concept_system = code_system AND c.concept_code = code
