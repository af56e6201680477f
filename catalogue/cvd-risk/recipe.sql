-- The inputs of cvd-risk: one row for each thing that the record says about a person's inputs.
-- Joins, handed in beside the warehouse: record.membership (patient, person) and
-- record.product_code (list, system, match, code).
-- Which value counts, in which unit and how old it may be, is for the product to judge; here only what is there.
WITH patient AS (
    SELECT coalesce(m.person, p.id) AS person, p.*
      FROM views.patient p LEFT JOIN record.membership m ON m.patient = p.id
),
-- Measured values: the ten newest of each kind, each Observation or component of one on its own.
measured AS (
    SELECT c.list AS input, o.patient_key, o.resource_key, o.value_text AS value,
           coalesce(CASE WHEN o.value_unit_system = 'http://unitsofmeasure.org' THEN o.value_unit_code END,
                    o.value_unit, o.value_unit_code, '') AS unit,
           coalesce(o.effective, o.effective_instant, o.effective_start, o.issued, '') AS time,
           o.status, coalesce(o.code_text, o.code_display, '') AS text
      FROM views.observation o JOIN record.product_code c
        ON c.list IN ('systolic', 'total-cholesterol', 'hdl') AND c.code = o.code
       AND contains(coalesce(o.code_system, ''), c.system)
     WHERE o.status IN ('final', 'amended', 'corrected') AND o.value_text IS NOT NULL AND o.value_comparator IS NULL
),
-- The smoking status, by the meaning of its answer; an answer that no list knows comes through as empty.
smoking AS (
    SELECT 'smoking' AS input, o.patient_key, o.resource_key,
           coalesce(max(replace(a.list, 'answer:', '')), '') AS value, '' AS unit,
           coalesce(o.effective, o.effective_instant, o.effective_start, o.issued, '') AS time,
           o.status, coalesce(any_value(o.value_code_text), '') AS text
      FROM views.observation o
      JOIN record.product_code c ON c.list = 'smoking' AND c.code = o.code AND contains(coalesce(o.code_system, ''), c.system)
      LEFT JOIN record.product_code a ON a.list LIKE 'answer:%' AND a.code = o.value_code
     WHERE o.status IN ('final', 'amended', 'corrected')
     GROUP BY ALL
),
observed AS (
    SELECT * FROM (SELECT * FROM measured UNION ALL SELECT * FROM smoking)
    QUALIFY row_number() OVER (PARTITION BY patient_key, input ORDER BY time DESC, resource_key) <= 10
),
diagnosis AS (
    SELECT DISTINCT c.list AS input, d.patient_key, d.resource_key, d.code AS value, '' AS unit,
           coalesce(d.onset, d.onset_start, d.recorded_date, '') AS time, coalesce(d.verification_status, '') AS status,
           coalesce(d.code_text, d.code_display, '') AS text
      FROM views.condition d JOIN record.product_code c
        ON c.list IN ('diabetes', 'prior-cvd') AND contains(coalesce(d.code_system, ''), c.system)
       AND CASE c.match WHEN 'prefix' THEN starts_with(replace(d.code, '.', ''), replace(c.code, '.', ''))
                        ELSE d.code = c.code END
),
drug AS (
    SELECT patient_key, resource_key, medication_system, medication, medication_display, medication_text,
           medication_key, status, coalesce(authored_on, validity_start, '') AS time
      FROM views.medication_request
     WHERE coalesce(intent, '') IN ('order', 'original-order', 'instance-order', 'reflex-order', 'filler-order')
       AND coalesce(do_not_perform, false) = false
    UNION ALL
    SELECT patient_key, resource_key, medication_system, medication, medication_display, medication_text,
           medication_key, status, coalesce(when_handed_over, when_prepared, '')
      FROM views.medication_dispense
    UNION ALL
    SELECT patient_key, resource_key, medication_system, medication, medication_display, medication_text,
           medication_key, CASE status WHEN 'not-taken' THEN 'not-done' ELSE status END,
           coalesce(effective, effective_start, date_asserted, '')
      FROM views.medication_statement
),
-- Each distinct drug is compared with the lists once.
named AS (
    SELECT DISTINCT d.medication_system, d.medication, d.medication_display, d.medication_text, d.medication_key,
           m.code_system AS other_system, m.code AS other_code,
           strip_accents(lower(concat_ws(' ', d.medication_display, d.medication_text, m.code_display, m.code_text)))
               AS words
      FROM drug d LEFT JOIN views.medication m ON m.resource_key = d.medication_key
),
treating AS (
    SELECT DISTINCT n.medication_system, n.medication, n.medication_display, n.medication_text, n.medication_key
      FROM named n JOIN record.product_code c ON c.list = 'treatment'
       AND CASE c.match
           WHEN 'text' THEN contains(n.words, c.code)
           ELSE (contains(coalesce(n.medication_system, ''), c.system) AND starts_with(n.medication, c.code))
             OR (contains(coalesce(n.other_system, ''), c.system) AND starts_with(n.other_code, c.code)) END
),
treatment AS (
    SELECT 'treatment' AS input, d.patient_key, d.resource_key, coalesce(d.medication, '') AS value, '' AS unit,
           d.time, coalesce(d.status, '') AS status, coalesce(d.medication_text, d.medication_display, '') AS text
      FROM drug d JOIN treating t
        ON t.medication_system IS NOT DISTINCT FROM d.medication_system
       AND t.medication IS NOT DISTINCT FROM d.medication
       AND t.medication_display IS NOT DISTINCT FROM d.medication_display
       AND t.medication_text IS NOT DISTINCT FROM d.medication_text
       AND t.medication_key IS NOT DISTINCT FROM d.medication_key
),
about_patient AS (
    SELECT * FROM observed UNION ALL SELECT * FROM diagnosis UNION ALL SELECT * FROM treatment
)
SELECT p.person, a.input, p.resource_key AS patient, a.resource_key AS reference, a.value, a.unit, a.time, a.status,
       a.text
  FROM patient p JOIN about_patient a ON a.patient_key = p.resource_key
UNION ALL
SELECT person, 'sex', resource_key, resource_key, coalesce(gender, ''), '', '', '', '' FROM patient
UNION ALL
SELECT person, 'birth', resource_key, resource_key, coalesce(birth_date, ''), '', '', '', '' FROM patient
UNION ALL
SELECT person, 'deceased', resource_key, resource_key, coalesce(deceased_at, ''), '', '', '', ''
  FROM patient WHERE deceased OR deceased_at IS NOT NULL
ORDER BY person, input, time, reference, patient, value
