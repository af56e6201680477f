SELECT id, nullif(regexp_extract(subject.reference, '^Patient/[^/]+'), '') AS patient_key, status,
       class.code AS class, type[1].coding[1].code AS type, reasonCode[1].coding[1].code AS reason,
       period.start AS started, period.end AS ended,
       nullif(regexp_extract(serviceProvider.reference, '^Organization/[^/]+'), '') AS organization_key
FROM resources
