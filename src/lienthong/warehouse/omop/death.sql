-- One row a person who died. Where a Patient says only that they died, the end of the visit that they left dead is the
-- day; without either the death has no date, and CDM wants one. Of several Patients: the most exact, then the newest.
WITH left_dead AS (
    SELECT p.person_id, max(coalesce(v.period_end, v.period_start)) AS ended
      FROM views.encounter v
      JOIN fhir."Encounter" f ON f.id = v.id AND NOT f.record_ai
      JOIN views.person_patient p ON p.patient_key = v.patient_key
     WHERE v.died AND v.status NOT IN ('planned', 'cancelled', 'entered-in-error')
     GROUP BY p.person_id
), dated AS (
    SELECT f.record_seq, f.record_ai, p.person_id, n.person_id IS NOT NULL AS has_person_row,
           coalesce(v.deceased_at, d.ended) AS died,
           row_number() OVER (
               PARTITION BY p.person_id
               ORDER BY f.record_ai, v.deceased_at IS NULL, length(v.deceased_at) DESC, f.record_time DESC, f.record_seq
           ) AS place,
           bool_or(coalesce(v.deceased_at, d.ended) IS NOT NULL AND NOT f.record_ai)
               OVER (PARTITION BY p.person_id) AS has_date
      FROM views.patient v
      JOIN fhir."Patient" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_id = v.id
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN left_dead d ON d.person_id = p.person_id
     WHERE v.deceased OR v.deceased_at IS NOT NULL
)
SELECT 'Patient' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN NOT has_date THEN 'no date of death' END AS left_out,
       place = 1 AS is_row,
       person_id,
       lt_local_date(died) AS death_date,
       lt_local_time(died) AS death_datetime,
       32817 AS death_type_concept_id
  FROM dated
