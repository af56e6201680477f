SELECT id, nullif(regexp_extract(subject.reference, '^Patient/[^/]+'), '') AS patient_key,
       nullif(regexp_extract(encounter.reference, '^Encounter/[^/]+'), '') AS encounter_key, status,
       authoredOn AS authored_on, medicationCodeableConcept.coding[1].system AS system,
       medicationCodeableConcept.coding[1].code AS code, medicationCodeableConcept.text AS medication
FROM resources WHERE intent = 'order'
