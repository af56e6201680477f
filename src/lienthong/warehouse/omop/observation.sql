-- One row a value that is no number: of an Observation (part 0) and of each of its components (part 1 to 99); and one
-- an AllergyIntolerance. Numbers are in `measurement`. A text is cut to the 60 characters of the CDM; whole in the views.
WITH parts AS (
    SELECT v.*, f.record_seq, f.record_ai,
           CASE WHEN value_code IS NOT NULL OR value_code_text IS NOT NULL
                THEN coalesce(lt_present(value_code_text), lt_present(value_code_display), value_code)
                WHEN value_boolean IS NOT NULL THEN CAST(value_boolean AS VARCHAR)
                WHEN coalesce(value_start, value_end) IS NOT NULL
                THEN coalesce(value_start, '..') || '/' || coalesce(value_end, '..')
                WHEN coalesce(value_low, value_high) IS NOT NULL
                THEN coalesce(value_low, '..') || ' - ' || coalesce(value_high, '..')
                WHEN coalesce(value_numerator, value_denominator) IS NOT NULL
                THEN coalesce(value_numerator, '') || '/' || coalesce(value_denominator, '')
                ELSE coalesce(lt_present(value_string), value_datetime, value_time) END AS answer
      FROM views.observation v
      JOIN fhir."Observation" f ON f.id = v.id
     WHERE v.value IS NULL AND v.value_integer IS NULL
), allergies AS (
    SELECT v.*, f.record_seq, f.record_ai
      FROM views.allergy_intolerance v
      JOIN fhir."AllergyIntolerance" f ON f.id = v.id
), events AS (
    SELECT 'Observation' AS source_type, record_seq, record_ai, part, patient_key, encounter_key, practitioner_key,
           coalesce(effective, effective_instant, effective_start, issued) AS taken,
           CASE WHEN status IN ('registered', 'cancelled', 'entered-in-error') THEN 'status ' || status
                WHEN answer IS NULL AND has_value THEN 'a value that has no column'
                WHEN answer IS NULL THEN 'no value'
                WHEN part > 99 THEN 'more than 99 components' END AS reason,
           code_system, code, coalesce(lt_present(source_code), lt_present(code_text)) AS source_value, answer,
           value_code IS NOT NULL OR value_code_text IS NOT NULL AS is_coded, value_code_system, value_code,
           coalesce(lt_present(value_source_code), answer) AS value_source_value, NULL AS qualifier
      FROM parts
    UNION ALL
    SELECT 'AllergyIntolerance', record_seq, record_ai, 0, patient_key, encounter_key,
           coalesce(asserter_key, recorder_key), coalesce(onset, onset_start, recorded_date, last_occurrence),
           CASE WHEN verification_status IN ('refuted', 'entered-in-error')
                THEN 'verification ' || verification_status END,
           code_system, code, coalesce(lt_present(source_code), lt_present(code_text)),
           coalesce(lt_present(code_text), lt_present(code_display)), FALSE, NULL, NULL, NULL, criticality
      FROM allergies
), dated AS (
    SELECT v.*, p.person_id, n.person_id IS NOT NULL AS has_person_row, e.visit_occurrence_id, d.id AS provider_id
      FROM events v
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN visit_of_encounter e ON e.encounter_key = v.encounter_key
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
)
SELECT source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN reason IS NOT NULL THEN reason
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN lt_local_date(taken) IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, part) AS observation_id,
       person_id,
       coalesce(c.concept_id, 0) AS observation_concept_id,
       lt_local_date(taken) AS observation_date,
       lt_local_time(taken) AS observation_datetime,
       32817 AS observation_type_concept_id,
       answer AS value_as_string,
       CASE WHEN is_coded THEN coalesce(a.concept_id, 0) END AS value_as_concept_id,
       CASE WHEN qualifier IS NOT NULL THEN 0 END AS qualifier_concept_id,
       provider_id,
       visit_occurrence_id,
       source_value AS observation_source_value,
       0 AS observation_source_concept_id,
       qualifier AS qualifier_source_value,
       value_source_value
  FROM dated
  LEFT JOIN concept_of c ON c.concept_system = code_system AND c.concept_code = code
  LEFT JOIN concept_of a ON a.concept_system = value_code_system AND a.concept_code = value_code
