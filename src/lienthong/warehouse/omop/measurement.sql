-- One row a number: of an Observation (part 0) and of each of its components (part 1 to 99). Values that are no
-- number are in `observation`.
WITH dated AS (
    SELECT v.*, f.record_seq, f.record_ai, p.person_id, n.person_id IS NOT NULL AS has_person_row,
           e.visit_occurrence_id, d.id AS provider_id,
           coalesce(v.effective, v.effective_instant, v.effective_start, v.issued) AS taken,
           coalesce(v.value, v.value_integer) AS number
      FROM views.observation v
      JOIN fhir."Observation" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN visit_of_encounter e ON e.encounter_key = v.encounter_key
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
     WHERE v.value IS NOT NULL OR v.value_integer IS NOT NULL
)
SELECT 'Observation' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN status IN ('registered', 'cancelled', 'entered-in-error') THEN 'status ' || status
            WHEN part > 99 THEN 'more than 99 components'
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN lt_local_date(taken) IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, part) AS measurement_id,
       person_id,
       coalesce(c.concept_id, 0) AS measurement_concept_id,
       lt_local_date(taken) AS measurement_date,
       lt_local_time(taken) AS measurement_datetime,
       32817 AS measurement_type_concept_id,
       CASE WHEN value_comparator IS NOT NULL THEN 0 END AS operator_concept_id,
       number AS value_as_number,
       coalesce(u.concept_id, 0) AS unit_concept_id,
       range_low,
       range_high,
       provider_id,
       visit_occurrence_id,
       coalesce(lt_present(source_code), lt_present(code_text)) AS measurement_source_value,
       0 AS measurement_source_concept_id,
       coalesce(lt_present(value_unit_code), lt_present(value_unit)) AS unit_source_value,
       coalesce(value_comparator, '') || coalesce(value_text, CAST(value_integer AS VARCHAR)) AS value_source_value
  FROM dated
  LEFT JOIN concept_of c ON c.concept_system = code_system AND c.concept_code = code
  LEFT JOIN concept_of u ON u.concept_system = value_unit_system AND u.concept_code = value_unit_code
