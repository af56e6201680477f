SELECT id, nullif(regexp_extract(subject.reference, '^Patient/[^/]+'), '') AS patient_key,
       nullif(regexp_extract(encounter.reference, '^Encounter/[^/]+'), '') AS encounter_key,
       clinicalStatus.coding[1].code AS clinical_status, onsetDateTime AS onset, abatementDateTime AS abatement,
       coding.system AS system, coding.code AS code, coding.display AS display
FROM (SELECT *, unnest(resources.code.coding) AS coding FROM resources)
