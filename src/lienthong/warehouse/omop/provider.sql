-- One row a Practitioner.
WITH known AS (
    SELECT v.*, f.record_seq, f.record_ai FROM views.practitioner v JOIN fhir."Practitioner" f ON f.id = v.id
)
SELECT 'Practitioner' AS source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output' END AS left_out,
       TRUE AS is_row,
       resource_key,
       lt_key(record_seq, 0) AS provider_id,
       coalesce(lt_present(name_text), lt_present(concat_ws(' ', family, given))) AS provider_name,
       npi,
       0 AS specialty_concept_id,
       year(lt_local_date(birth_date)) AS year_of_birth,
       CASE gender WHEN 'male' THEN 8507 WHEN 'female' THEN 8532 ELSE 0 END AS gender_concept_id,
       coalesce(lt_present(identifier), id) AS provider_source_value,
       coalesce(lt_present(qualification_text), qualification) AS specialty_source_value,
       0 AS specialty_source_concept_id,
       gender AS gender_source_value,
       0 AS gender_source_concept_id
  FROM known
