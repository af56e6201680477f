-- One row a person: from the first to the last day on which anything of theirs is known. Its key is the person's.
WITH events AS (
    SELECT person_id, visit_start_date AS started, visit_end_date AS ended FROM omop.visit_occurrence
    UNION ALL
    SELECT person_id, condition_start_date, condition_end_date FROM omop.condition_occurrence
    UNION ALL
    SELECT person_id, drug_exposure_start_date, drug_exposure_end_date FROM omop.drug_exposure
    UNION ALL
    SELECT person_id, procedure_date, procedure_end_date FROM omop.procedure_occurrence
    UNION ALL
    SELECT person_id, measurement_date, NULL FROM omop.measurement
    UNION ALL
    SELECT person_id, observation_date, NULL FROM omop.observation
)
SELECT CAST(NULL AS VARCHAR) AS source_type,
       person_id AS source_seq,
       CAST(NULL AS VARCHAR) AS left_out,
       TRUE AS is_row,
       person_id AS observation_period_id,
       person_id,
       min(started) AS observation_period_start_date,
       greatest(max(started), max(ended)) AS observation_period_end_date,
       32817 AS period_type_concept_id
  FROM events
 GROUP BY person_id
