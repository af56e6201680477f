-- One row an Organization that gives care, and a Location that is more than a room or a bed.
WITH sites AS (
    SELECT 'Organization' AS source_type, v.id, v.resource_key, v.name, v.identifier, v.type_text, v.type_display,
           v.type AS kind, v.has_address,
           CASE WHEN v.type IN ('ins', 'pay') THEN 'an insurer or payer' END AS reason
      FROM views.organization v
    UNION ALL
    SELECT 'Location', v.id, v.resource_key, v.name, v.identifier, NULL, NULL, coalesce(v.type, v.physical_type),
           v.has_address,
           CASE WHEN v.physical_type IN ('ro', 'bd') THEN 'a room or a bed'
                WHEN v.mode = 'kind' THEN 'a kind of place' END
      FROM views.location v
)
SELECT v.source_type,
       f.record_seq AS source_seq,
       CASE WHEN f.record_ai THEN 'AI output' ELSE reason END AS left_out,
       TRUE AS is_row,
       v.resource_key,
       lt_key(f.record_seq, 0) AS care_site_id,
       lt_present(name) AS care_site_name,
       0 AS place_of_service_concept_id,
       CASE WHEN has_address THEN lt_key(f.record_seq, 0) END AS location_id,
       coalesce(lt_present(identifier), v.id) AS care_site_source_value,
       coalesce(lt_present(type_text), lt_present(type_display), kind) AS place_of_service_source_value
  FROM sites v
  JOIN site_resources f ON f.type = v.source_type AND f.id = v.id
