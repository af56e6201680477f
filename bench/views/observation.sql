SELECT id, nullif(regexp_extract(subject.reference, '^Patient/[^/]+'), '') AS patient_key,
       nullif(regexp_extract(encounter.reference, '^Encounter/[^/]+'), '') AS encounter_key,
       status, effectiveDateTime AS effective, code.coding[1].system AS system, code.coding[1].code AS code,
       valueQuantity.value AS value, valueQuantity.unit AS unit, part.code.coding[1].code AS component_code,
       part.valueQuantity.value AS component_value, part.valueQuantity.unit AS component_unit
FROM (SELECT *, unnest(CASE WHEN len(component) > 0 THEN component ELSE [NULL] END) AS part FROM resources)
