-- One row a prescription (an order, not a proposal), dispensing, administration, statement or vaccination. The type
-- concept tells prescriptions (32838) from all else; source_type is in the key (trace). An administration whose request
-- is a row is not counted beside it (docs/decisions/013-bhyt-both-ways.md).
WITH medication_of AS (
    SELECT resource_key, code, code_system, coalesce(lt_present(source_code), lt_present(code_text)) AS source_value
      FROM views.medication
), asked AS (
    SELECT r.resource_key
      FROM views.medication_request r
      JOIN drug_resources f ON f.type = 'MedicationRequest' AND f.id = r.id AND NOT f.record_ai
     WHERE status NOT IN ('cancelled', 'entered-in-error', 'draft')
       AND intent NOT IN ('proposal', 'plan', 'option')
       AND coalesce(do_not_perform, FALSE) = FALSE
       AND lt_local_date(coalesce(authored_on, validity_start)) IS NOT NULL
), events AS (
    SELECT 'MedicationRequest' AS source_type, v.id, 32838 AS type_concept_id, patient_key, encounter_key,
           CASE WHEN status IN ('cancelled', 'entered-in-error', 'draft') THEN 'status ' || status
                WHEN intent IN ('proposal', 'plan', 'option') THEN 'intent ' || intent
                WHEN do_not_perform THEN 'asks not to give it' END AS reason,
           coalesce(authored_on, validity_start) AS started, validity_end AS ended,
           CASE supply_unit WHEN 'd' THEN supply WHEN 'wk' THEN supply * 7 END AS days_supply,
           repeats AS refills, quantity, dosage_text AS sig, medication_system AS code_system,
           medication AS code, coalesce(lt_present(source_code), lt_present(medication_text)) AS source_value,
           medication_key, route, practitioner_key,
           coalesce(dose_unit, quantity_unit) AS dose_unit, CAST(NULL AS VARCHAR) AS lot_number,
           status = 'stopped' AS is_stopped
      FROM views.medication_request v
    UNION ALL
    SELECT 'MedicationDispense', v.id, 32817, patient_key, encounter_key,
           CASE WHEN status IN ('preparation', 'cancelled', 'entered-in-error', 'declined')
                THEN 'status ' || status END,
           coalesce(when_handed_over, when_prepared), NULL, days_supply, NULL, quantity, dosage_text,
           medication_system, medication, coalesce(lt_present(source_code), lt_present(medication_text)),
           medication_key, route, practitioner_key,
           coalesce(dose_unit, quantity_unit), NULL, FALSE
      FROM views.medication_dispense v
    UNION ALL
    SELECT 'MedicationAdministration', v.id, 32817, patient_key, encounter_key,
           CASE WHEN status IN ('not-done', 'entered-in-error') THEN 'status ' || status
                WHEN request_key IN (SELECT resource_key FROM asked) THEN 'its request is a row' END,
           coalesce(effective, effective_start), effective_end, NULL, NULL, dose, dosage_text,
           medication_system, medication, coalesce(lt_present(source_code), lt_present(medication_text)),
           medication_key, route, practitioner_key,
           dose_unit, NULL, FALSE
      FROM views.medication_administration v
    UNION ALL
    SELECT 'MedicationStatement', v.id, 32817, patient_key, encounter_key,
           CASE WHEN status IN ('intended', 'not-taken', 'entered-in-error') THEN 'status ' || status END,
           coalesce(effective, effective_start, date_asserted), effective_end, NULL, NULL, NULL, dosage_text,
           medication_system, medication, coalesce(lt_present(source_code), lt_present(medication_text)),
           medication_key, route, practitioner_key,
           NULL, NULL, status = 'stopped'
      FROM views.medication_statement v
    UNION ALL
    SELECT 'Immunization', v.id, 32817, patient_key, encounter_key,
           CASE WHEN status IN ('not-done', 'entered-in-error') THEN 'status ' || status END,
           occurrence, NULL, NULL, NULL, dose, NULL,
           vaccine_system, vaccine, coalesce(lt_present(source_code), lt_present(vaccine_text)),
           NULL, route, practitioner_key, dose_unit, lot_number, FALSE
      FROM views.immunization v
), dated AS (
    SELECT v.*, f.record_seq, f.record_ai, p.person_id, n.person_id IS NOT NULL AS has_person_row,
           e.visit_occurrence_id, d.id AS provider_id,
           coalesce(v.source_value, m.source_value) AS drug_source,
           CASE WHEN v.code IS NULL THEN m.code ELSE v.code END AS drug_code,
           CASE WHEN v.code IS NULL THEN m.code_system ELSE v.code_system END AS drug_system, lt_local_date(v.started) AS start_date
      FROM events v
      JOIN drug_resources f ON f.type = v.source_type AND f.id = v.id
      LEFT JOIN views.person_patient p ON p.patient_key = v.patient_key
      LEFT JOIN omop.person n ON n.person_id = p.person_id
      LEFT JOIN visit_of_encounter e ON e.encounter_key = v.encounter_key
      LEFT JOIN provider_of d ON d.resource_key = v.practitioner_key
      LEFT JOIN medication_of m ON m.resource_key = v.medication_key
)
SELECT source_type,
       record_seq AS source_seq,
       CASE WHEN record_ai THEN 'AI output'
            WHEN reason IS NOT NULL THEN reason
            WHEN person_id IS NULL THEN 'no person is known'
            WHEN NOT has_person_row THEN 'its person is left out'
            WHEN start_date IS NULL THEN 'no date' END AS left_out,
       TRUE AS is_row,
       lt_key(record_seq, 0) AS drug_exposure_id,
       person_id,
       coalesce(c.concept_id, 0) AS drug_concept_id,
       start_date AS drug_exposure_start_date,
       lt_local_time(started) AS drug_exposure_start_datetime,
       coalesce(lt_local_date(ended), start_date + CAST(greatest(days_supply, 1) - 1 AS INTEGER), start_date)
           AS drug_exposure_end_date,
       lt_local_time(ended) AS drug_exposure_end_datetime,
       lt_local_date(ended) AS verbatim_end_date,
       type_concept_id AS drug_type_concept_id,
       CASE WHEN is_stopped THEN 'stopped' END AS stop_reason,
       refills,
       quantity,
       TRY_CAST(days_supply AS INTEGER) AS days_supply,
       sig,
       0 AS route_concept_id,
       lot_number,
       provider_id,
       visit_occurrence_id,
       drug_source AS drug_source_value,
       0 AS drug_source_concept_id,
       route AS route_source_value,
       dose_unit AS dose_unit_source_value
  FROM dated
  LEFT JOIN concept_of c ON c.concept_system = drug_system AND c.concept_code = drug_code
