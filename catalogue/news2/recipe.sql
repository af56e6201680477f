-- The inputs of news2: one row for each thing that the record says about a person's inputs.
-- Joins, handed in beside the warehouse: record.membership (patient, person) and
-- record.product_code (list, system, match, code).
-- Which value counts, in which unit and how old it may be, is for the product to judge; here only what is there.
WITH patient AS (
    SELECT coalesce(m.person, p.id) AS person, p.*
      FROM views.patient p LEFT JOIN record.membership m ON m.patient = p.id
),
-- Every Observation, or component of one, that counts, with its value as text: a number with a comparator is empty, so
-- that it comes through as not understood.
observation AS (
    SELECT o.patient_key, o.resource_key, o.status, coalesce(o.code_system, '') AS code_system, o.code,
           coalesce(CASE WHEN o.value_comparator IS NULL THEN o.value_text ELSE '' END,
                    CAST(o.value_integer AS VARCHAR)) AS number,
           coalesce(CASE WHEN o.value_unit_system = 'http://unitsofmeasure.org' THEN o.value_unit_code END,
                    o.value_unit, o.value_unit_code, '') AS unit,
           coalesce(o.value_code_system, '') AS answer_system,
           coalesce(o.value_code, CAST(o.value_boolean AS VARCHAR)) AS answer,
           trim(strip_accents(replace(lower(coalesce(o.value_string, o.value_code_text)), 'đ', 'd'))) AS words,
           coalesce(o.value_text, CAST(o.value_integer AS VARCHAR), o.value_code, o.value_string, o.value_code_text,
                    CAST(o.value_boolean AS VARCHAR)) IS NOT NULL AS is_told,
           coalesce(o.effective, o.effective_instant, o.effective_start, o.issued, '') AS time,
           coalesce(o.code_text, o.code_display, '') AS text
      FROM views.observation o
     WHERE o.status IN ('final', 'amended', 'corrected')
),
-- Numbers: respiration, saturation, pressure, pulse, temperature, and the oxygen's flow or concentration.
measured AS (
    SELECT CASE c.list WHEN 'oxygen-number' THEN 'oxygen' ELSE c.list END AS input, o.patient_key, o.resource_key,
           coalesce(o.number, '') AS value, o.unit, o.time, o.status, o.text
      FROM observation o JOIN record.product_code c
        ON c.list IN ('respiration', 'spo2', 'systolic', 'pulse', 'temperature', 'oxygen-number')
       AND c.code = o.code AND contains(o.code_system, c.system)
     WHERE o.is_told
),
-- Air or oxygen as an answer to "on oxygen?", or as a value of its own; an answer that no list knows is empty.
asked AS (
    SELECT 'oxygen' AS input, o.patient_key, o.resource_key, coalesce(max(replace(a.list, 'asked:', '')), '') AS value,
           '' AS unit, o.time, o.status, o.text
      FROM observation o
      JOIN record.product_code c ON c.list = 'oxygen-asked' AND c.code = o.code AND contains(o.code_system, c.system)
      LEFT JOIN record.product_code a ON a.list LIKE 'asked:%' AND a.code = o.answer
     WHERE o.is_told
     GROUP BY ALL
),
state AS (
    SELECT 'oxygen' AS input, o.patient_key, o.resource_key, replace(a.list, 'state:', '') AS value, '' AS unit,
           o.time, o.status, o.text
      FROM observation o JOIN record.product_code a
        ON a.list LIKE 'state:%' AND a.code = o.answer AND contains(o.answer_system, a.system)
),
-- Consciousness by the meaning of its answer, by code or by its whole text; an answer that no list knows is empty.
responds AS (
    SELECT 'consciousness' AS input, o.patient_key, o.resource_key,
           coalesce(max(replace(a.list, 'answer:', '')), '') AS value, '' AS unit, o.time, o.status, o.text
      FROM observation o
      JOIN record.product_code c ON c.list = 'consciousness' AND c.code = o.code AND contains(o.code_system, c.system)
      LEFT JOIN record.product_code a
        ON a.list LIKE 'answer:%'
       AND CASE a.match WHEN 'text' THEN o.answer IS NULL AND a.code = o.words ELSE a.code = o.answer END
     WHERE o.is_told
     GROUP BY ALL
),
glasgow AS (
    SELECT 'consciousness' AS input, o.patient_key, o.resource_key,
           CASE WHEN TRY_CAST(o.number AS DOUBLE) = 15 THEN 'gcs-15'
                WHEN TRY_CAST(o.number AS DOUBLE) BETWEEN 3 AND 14 THEN 'gcs-below-15' ELSE '' END AS value, '' AS unit,
           o.time, o.status, o.text
      FROM observation o
      JOIN record.product_code c ON c.list = 'gcs' AND c.code = o.code AND contains(o.code_system, c.system)
     WHERE o.is_told
),
-- Of each input the thirty newest.
observed AS (
    SELECT *, '' AS until
      FROM (SELECT * FROM measured UNION ALL SELECT * FROM asked UNION ALL SELECT * FROM state
            UNION ALL SELECT * FROM responds UNION ALL SELECT * FROM glasgow)
    QUALIFY row_number() OVER (PARTITION BY patient_key, input ORDER BY time DESC, resource_key, value) <= 30
),
-- Pregnancy and childbirth: diagnoses with their end, and what was asked, until the next answer.
diagnosis AS (
    SELECT DISTINCT c.list AS input, d.patient_key, d.resource_key, d.code AS value, '' AS unit,
           coalesce(d.onset, d.onset_start, d.recorded_date, '') AS time, coalesce(d.verification_status, '') AS status,
           coalesce(d.code_text, d.code_display, '') AS text, coalesce(d.abatement, d.abatement_end, d.onset_end, '') AS until
      FROM views.condition d JOIN record.product_code c
        ON c.list IN ('pregnancy', 'childbirth') AND contains(coalesce(d.code_system, ''), c.system)
       AND CASE c.match WHEN 'prefix' THEN starts_with(replace(d.code, '.', ''), replace(c.code, '.', ''))
                        ELSE d.code = c.code END
),
pregnancy AS (
    SELECT 'pregnancy' AS input, patient_key, resource_key, 'pregnant' AS value, '' AS unit, time, status, text, until
      FROM (SELECT o.patient_key, o.resource_key, o.time, o.status, o.text, p.code IS NOT NULL AS is_pregnant,
                   coalesce(lead(o.time) OVER (PARTITION BY o.patient_key ORDER BY o.time, o.resource_key), '') AS until
              FROM observation o
              JOIN record.product_code c
                ON c.list = 'pregnancy-asked' AND c.code = o.code AND contains(o.code_system, c.system)
              LEFT JOIN record.product_code p ON p.list = 'pregnant' AND p.code = o.answer
             WHERE o.is_told)
     WHERE is_pregnant
),
-- What orders scale 2: requests and flags in force, or with a period; an Observation for its own day and the next.
ordered AS (
    SELECT patient_key, resource_key, coalesce(code_system, '') AS code_system, code, status,
           concat_ws(' ', code_text, code_display) AS text,
           coalesce(occurrence_start, occurrence, authored_on, '') AS time, coalesce(occurrence_end, '') AS until,
           status = 'active' OR (status = 'completed' AND occurrence_end IS NOT NULL) AS is_in_force
      FROM views.service_request
     WHERE coalesce(intent, '') IN ('order', 'original-order', 'instance-order', 'reflex-order', 'filler-order')
       AND coalesce(do_not_perform, false) = false
    UNION ALL
    SELECT patient_key, resource_key, coalesce(code_system, ''), code, status, concat_ws(' ', code_text, code_display),
           coalesce(period_start, ''), coalesce(period_end, ''),
           status = 'active' OR (status = 'inactive' AND period_end IS NOT NULL)
      FROM views.flag
),
worded AS (
    SELECT *, regexp_replace(strip_accents(lower(text)), '[^a-z0-9₂]+', '', 'g') AS words FROM ordered
     WHERE is_in_force
),
scale AS (
    SELECT DISTINCT 'scale-2' AS input, w.patient_key, w.resource_key, coalesce(w.code, '') AS value, '' AS unit, w.time,
           w.status, w.text, w.until
      FROM worded w LEFT JOIN record.product_code c
        ON c.list = 'scale-2' AND c.code = w.code AND contains(w.code_system, c.system)
     WHERE c.code IS NOT NULL
        OR (regexp_matches(w.words, '88(to|den)?92') AND (contains(w.words, 'spo2') OR contains(w.words, 'spo₂')
            OR contains(w.words, 'saturation') OR contains(w.words, 'baohoaoxy')))
    UNION ALL
    SELECT 'scale-2', o.patient_key, o.resource_key, o.code, '', o.time, o.status, o.text,
           coalesce(strftime(TRY_CAST(left(o.time, 10) AS DATE) + INTERVAL 1 DAY, '%Y-%m-%d'), '')
      FROM observation o
      JOIN record.product_code c ON c.list = 'scale-2' AND c.code = o.code AND contains(o.code_system, c.system)
     WHERE length(o.time) >= 10 AND o.answer IS DISTINCT FROM 'false'
),
about_patient AS (
    SELECT * FROM observed UNION ALL SELECT * FROM diagnosis UNION ALL SELECT * FROM pregnancy
    UNION ALL SELECT * FROM scale
)
SELECT p.person, a.input, p.resource_key AS patient, a.resource_key AS reference, a.value, a.unit, a.time, a.status,
       a.text, a.until
  FROM patient p JOIN about_patient a ON a.patient_key = p.resource_key
UNION ALL
SELECT person, 'birth', resource_key, resource_key, coalesce(birth_date, ''), '', '', '', '', '' FROM patient
UNION ALL
SELECT person, 'deceased', resource_key, resource_key, coalesce(deceased_at, ''), '', '', '', '', ''
  FROM patient WHERE deceased OR deceased_at IS NOT NULL
ORDER BY person, input, time, reference, patient, value
