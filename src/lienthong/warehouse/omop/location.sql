-- One row an address: of the Patients of a person who has a row, and of care sites. `state` of the CDM holds two
-- letters: a longer name stands in location_source_value alone, rather than cut to something else.
WITH addresses AS (
    SELECT 'Patient' AS source_type, f.record_seq, v.part, v.text, v.line_1, v.line_2, v.city, v.district, v.state,
           v.postal_code, v.country, CAST(NULL AS DOUBLE) AS latitude, CAST(NULL AS DOUBLE) AS longitude,
           CASE WHEN f.record_ai THEN 'AI output'
                WHEN p.person_id IS NULL THEN 'no person is known'
                WHEN n.person_id IS NULL THEN 'its person is left out' END AS reason
      FROM views.patient_address v
      JOIN fhir."Patient" f ON f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_id = v.id
      LEFT JOIN omop.person n ON n.person_id = p.person_id
    UNION ALL
    SELECT 'Organization', f.record_seq, v.part, v.text, v.line_1, v.line_2, v.city, v.district, v.state,
           v.postal_code, v.country, NULL, NULL,
           CASE WHEN s.id IS NULL THEN 'its care site is left out' END
      FROM views.organization_address v
      JOIN fhir."Organization" f ON f.id = v.id
      LEFT JOIN care_site_of s ON s.resource_key = v.resource_key
    UNION ALL
    SELECT 'Location', f.record_seq, 0, v.text, v.line_1, v.line_2, v.city, v.district, v.state,
           v.postal_code, v.country, v.latitude, v.longitude,
           CASE WHEN s.id IS NULL THEN 'its care site is left out' END
      FROM views.location v
      JOIN fhir."Location" f ON f.id = v.id
      LEFT JOIN care_site_of s ON s.resource_key = v.resource_key
     WHERE v.has_address
)
SELECT source_type,
       record_seq AS source_seq,
       CASE WHEN reason IS NOT NULL THEN reason WHEN part > 99 THEN 'more than 100 addresses' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, part) AS location_id,
       line_1 AS address_1,
       line_2 AS address_2,
       city,
       CASE WHEN length(state) <= 2 THEN state END AS state,
       postal_code AS zip,
       district AS county,
       coalesce(lt_present(text), lt_present(concat_ws(', ', line_1, line_2, district, city, state, country)))
           AS location_source_value,
       0 AS country_concept_id,
       country AS country_source_value,
       latitude,
       longitude
  FROM addresses
