-- The meaning of sql_on_fhir/values.py in DuckDB. Decimals are text; lt_number gives their exact value.

CREATE TEMP MACRO lt_number(x) AS
    CASE WHEN x IS NULL THEN NULL
         ELSE coalesce(TRY_CAST(x AS DECIMAL(38, 18)), error('lienthong:too-large')) END;

CREATE TEMP MACRO lt_text(n) AS
    rtrim(rtrim(CAST(n AS VARCHAR), '0'), '.');

-- Of two DECIMAL(38, 18), to 8 places.
CREATE TEMP MACRO lt_multiply(a, b) AS
    CAST(CAST(a AS DECIMAL(28, 8)) * CAST(b AS DECIMAL(28, 8)) AS DECIMAL(38, 18));

-- Whole-number division of the two numbers times 10^8, rounded half away from zero: exact, where `/` gives a double.
CREATE TEMP MACRO lt_scaled(n) AS
    CAST(CAST(n AS DECIMAL(28, 8)) * 100000000 AS HUGEINT);

CREATE TEMP MACRO lt_half_away(a, b) AS
    (abs(a) * 200000000 + abs(b)) // (2 * abs(b)) * CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END;

CREATE TEMP MACRO lt_divide(a, b) AS
    CASE WHEN CAST(b AS DECIMAL(28, 8)) <> 0
         THEN CAST(CAST(lt_half_away(lt_scaled(a), lt_scaled(b)) AS DECIMAL(38, 0))
                   * CAST(0.00000001 AS DECIMAL(9, 8)) AS DECIMAL(38, 18)) END;

-- -1, 0, 1, or NULL where the precision does not decide.
CREATE TEMP MACRO lt_order(a, b) AS
    CASE WHEN a < b THEN -1 WHEN a > b THEN 1 WHEN a = b THEN 0 END;

CREATE TEMP MACRO lt_compare_dates(a, b) AS
    CASE WHEN length(a) > 10 AND length(b) > 10
         THEN lt_order(TRY_CAST(a AS TIMESTAMPTZ), TRY_CAST(b AS TIMESTAMPTZ))
         WHEN left(a, least(length(a), length(b), 10)) <> left(b, least(length(a), length(b), 10))
         THEN lt_order(left(a, least(length(a), length(b), 10)), left(b, least(length(a), length(b), 10)))
         WHEN length(a) = length(b) THEN 0 END;

CREATE TEMP MACRO lt_clock(t) AS
    CASE WHEN contains(t, '.') THEN rtrim(rtrim(t, '0'), '.') ELSE t END;

-- How many digits stand after the point, an exponent taken into account.
CREATE TEMP MACRO lt_places(x) AS
    greatest(0, length(regexp_extract(x, '\.(\d+)', 1))
                - coalesce(TRY_CAST(nullif(regexp_extract(lower(x), 'e([+-]?\d+)$', 1), '') AS INTEGER), 0));

CREATE TEMP MACRO lt_half(x) AS
    lt_number('0.' || repeat('0', lt_places(x)) || '5');

CREATE TEMP MACRO lt_decimal_low(x) AS
    lt_text(lt_number(x) - lt_half(CAST(x AS VARCHAR)));

CREATE TEMP MACRO lt_decimal_high(x) AS
    lt_text(lt_number(x) + lt_half(CAST(x AS VARCHAR)));

CREATE TEMP MACRO lt_date_low(d) AS
    CASE length(d) WHEN 4 THEN d || '-01-01' WHEN 7 THEN d || '-01' ELSE d END;

CREATE TEMP MACRO lt_date_high(d) AS
    CASE length(d) WHEN 4 THEN d || '-12-31'
                   WHEN 7 THEN strftime(last_day(TRY_CAST(d || '-01' AS DATE)), '%Y-%m-%d') ELSE d END;

CREATE TEMP MACRO lt_with_fraction(t, fraction) AS
    CASE WHEN regexp_matches(t, '\d\d:\d\d:\d\d\.\d+') THEN t
         WHEN regexp_matches(t, '\d\d:\d\d:\d\d') THEN regexp_replace(t, '(\d\d:\d\d:\d\d)', '\1' || fraction) END;

CREATE TEMP MACRO lt_datetime_low(d) AS
    CASE WHEN length(d) > 10 THEN lt_with_fraction(d, '.000') ELSE lt_date_low(d) || 'T00:00:00.000+14:00' END;

CREATE TEMP MACRO lt_datetime_high(d) AS
    CASE WHEN length(d) > 10 THEN lt_with_fraction(d, '.999') ELSE lt_date_high(d) || 'T23:59:59.999-12:00' END;

CREATE TEMP MACRO lt_time_low(t) AS lt_with_fraction(t, '.000');

CREATE TEMP MACRO lt_time_high(t) AS lt_with_fraction(t, '.999');
