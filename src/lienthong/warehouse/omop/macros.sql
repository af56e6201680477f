-- Times of the record in the facility's zone (DESIGN 3.8), as OMOP wants them: local, without an offset.
-- {offset_minutes} is the facility's offset from UTC.

CREATE TEMP MACRO lt_local_time(t) AS
    CASE WHEN length(t) > 10
         THEN make_timestamp(epoch_us(TRY_CAST(t AS TIMESTAMPTZ))) + INTERVAL ({offset_minutes}) MINUTE
         ELSE TRY_CAST(lt_date_low(t) AS TIMESTAMP) END;

CREATE TEMP MACRO lt_local_date(t) AS
    CAST(lt_local_time(t) AS DATE);

-- One resource gives several rows of a table (an Observation and its components): the key is seq * 100 + part, so that
-- it stays the same for ever. Price: at most 99 components, and 21,474,836 resources before OMOP's integer is full.
CREATE TEMP MACRO lt_key(seq, part) AS
    seq * 100 + part;

CREATE TEMP MACRO lt_present(t) AS
    nullif(trim(t), '');
