SELECT 'Patient/' || id AS patient_key, gender, birthDate AS birth_date, deceasedDateTime AS deceased_at,
       official.family AS family, official.given[1] AS given, address[1].city AS city, address[1].state AS state
FROM (SELECT *, list_filter(name, lambda item: item.use = 'official')[1] AS official FROM resources)
