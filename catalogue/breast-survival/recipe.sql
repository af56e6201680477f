-- The inputs of breast-survival: one row for each thing that the record says about a woman with breast cancer.
-- Joins, handed in beside the warehouse: record.membership (patient, person) and
-- record.product_code (list, system, match, code).
-- Which value counts, in which unit and how old it may be, is for the product to judge; here only what is there.
WITH patient AS (
    SELECT coalesce(m.person, p.id) AS person, p.*
      FROM views.patient p LEFT JOIN record.membership m ON m.patient = p.id
),
diagnosis AS (
    SELECT DISTINCT c.list AS input, d.patient_key, d.resource_key, d.code AS value, '' AS unit,
           coalesce(d.onset, d.onset_start, d.recorded_date, '') AS time, coalesce(d.verification_status, '') AS status,
           coalesce(d.code_text, d.code_display, '') AS text
      FROM views.condition d JOIN record.product_code c
        ON c.list IN ('breast-cancer', 'metastasis') AND contains(coalesce(d.code_system, ''), c.system)
       AND CASE c.match WHEN 'prefix' THEN starts_with(replace(d.code, '.', ''), c.code) ELSE d.code = c.code END
),
-- The population: whoever has the diagnosis; nobody else is looked at.
her AS (
    SELECT DISTINCT p.person FROM patient p JOIN diagnosis d ON d.patient_key = p.resource_key
     WHERE d.input = 'breast-cancer'
),
-- Findings of the pathologist, each Observation or component of one on its own: a number with its unit, or the meaning
-- of a coded answer; a grade may be a bare number. What no list knows comes through as empty: not understood.
asked AS (
    SELECT c.list AS input, o.patient_key, o.resource_key, o.value_code, coalesce(o.value_code_system, '') AS value_system,
           coalesce(CASE WHEN o.value_comparator IS NULL THEN o.value_text END, CAST(o.value_integer AS VARCHAR), '')
               AS number,
           coalesce(CASE WHEN o.value_unit_system = 'http://unitsofmeasure.org' THEN o.value_unit_code END,
                    o.value_unit, o.value_unit_code, '') AS unit,
           coalesce(o.effective, o.effective_instant, o.effective_start, o.issued, '') AS time,
           o.status, coalesce(o.code_text, o.code_display, '') AS text
      FROM views.observation o JOIN record.product_code c
        ON c.list IN ('nodes', 'size', 'grade', 'er', 'pgr') AND c.code = o.code
       AND contains(coalesce(o.code_system, ''), c.system)
     WHERE o.status IN ('final', 'amended', 'corrected')
       AND coalesce(o.value_text, CAST(o.value_integer AS VARCHAR), o.value_code) IS NOT NULL
),
finding AS (
    SELECT input, patient_key, resource_key,
           CASE WHEN value_code IS NOT NULL THEN coalesce((SELECT max(replace(a.list, 'answer:', ''))
                                                             FROM record.product_code a
                                                            WHERE a.list LIKE 'answer:%' AND a.code = value_code
                                                              AND contains(value_system, a.system)), '')
                WHEN input = 'grade' AND number IN ('1', '2', '3') THEN 'grade-' || number
                ELSE number END AS value,
           unit, time, status, text
      FROM asked
),
observed AS (
    SELECT * FROM finding
    QUALIFY row_number() OVER (PARTITION BY patient_key, input ORDER BY time DESC, resource_key) <= 10
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
hers AS (
    SELECT d.*, m.code_system AS other_system, m.code AS other_code,
           strip_accents(lower(concat_ws(' ', d.medication_display, d.medication_text, m.code_display, m.code_text)))
               AS words
      FROM drug d JOIN patient p ON p.resource_key = d.patient_key JOIN her USING (person)
      LEFT JOIN views.medication m ON m.resource_key = d.medication_key
),
treating AS (
    SELECT DISTINCT c.list AS input, d.patient_key, d.resource_key, coalesce(d.medication, '') AS value, '' AS unit,
           d.time, coalesce(d.status, '') AS status, coalesce(d.medication_text, d.medication_display, '') AS text
      FROM hers d JOIN record.product_code c ON c.list IN ('hormone', 'chemo')
       AND CASE c.match
           WHEN 'text' THEN contains(d.words, c.code)
           ELSE (contains(coalesce(d.medication_system, ''), c.system) AND starts_with(d.medication, c.code))
             OR (contains(coalesce(d.other_system, ''), c.system) AND starts_with(d.other_code, c.code)) END
),
about_patient AS (
    SELECT * FROM observed UNION ALL SELECT * FROM diagnosis UNION ALL SELECT * FROM treating
),
known AS (
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
)
SELECT known.* FROM known JOIN her USING (person)
ORDER BY person, input, time, reference, patient, value
