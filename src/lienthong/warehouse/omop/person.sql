-- One row a person. Where several Patients are one person, the row comes from the most complete of them (birth date
-- to the day, then gender), the newest recorded among equals, then the lowest number; the others are counted with it.
-- Address, care site and provider: of the first of them that names one.
WITH ranked AS (
    SELECT p.person_id, p.patient_id, f.record_seq, v.gender, v.birth_date, f.record_ai,
           CASE WHEN a.id IS NOT NULL THEN lt_key(f.record_seq, 0) END AS address, s.id AS site, d.id AS doctor,
           row_number() OVER (
               PARTITION BY p.person_id
               ORDER BY f.record_ai, length(v.birth_date) DESC NULLS LAST, v.gender IS NULL, f.record_time DESC,
                        f.record_seq
           ) AS place,
           max(v.birth_date IS NOT NULL AND NOT f.record_ai) OVER (PARTITION BY p.person_id) AS has_birth
      FROM views.patient v
      JOIN fhir."Patient" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_id = v.id
      LEFT JOIN views.patient_address a ON a.id = v.id AND a.part = 0
      LEFT JOIN care_site_of s ON s.resource_key = v.organization_key
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
)
SELECT 'Patient' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_birth THEN 'no year of birth' END AS left_out,
       place = 1 AS is_row,
       person_id,
       CASE gender WHEN 'male' THEN 8507 WHEN 'female' THEN 8532 ELSE 0 END AS gender_concept_id,
       year(lt_local_date(birth_date)) AS year_of_birth,
       CASE WHEN length(birth_date) >= 7 THEN month(lt_local_date(birth_date)) END AS month_of_birth,
       CASE WHEN length(birth_date) >= 10 THEN day(lt_local_date(birth_date)) END AS day_of_birth,
       CASE WHEN length(birth_date) >= 10 THEN lt_local_time(birth_date) END AS birth_datetime,
       0 AS race_concept_id,
       0 AS ethnicity_concept_id,
       first_value(CASE WHEN NOT record_ai THEN address END IGNORE NULLS) OVER of_person AS location_id,
       first_value(CASE WHEN NOT record_ai THEN doctor END IGNORE NULLS) OVER of_person AS provider_id,
       first_value(CASE WHEN NOT record_ai THEN site END IGNORE NULLS) OVER of_person AS care_site_id,
       patient_id AS person_source_value,
       gender AS gender_source_value,
       0 AS gender_source_concept_id,
       0 AS race_source_concept_id,
       0 AS ethnicity_source_concept_id
  FROM ranked
WINDOW of_person AS (PARTITION BY person_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
