"""The sentences in which a product tells its figure, its reasons and what it does not know, in two languages."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from lienthong.products.card import Text

__all__ = ["SCORE_SENTENCES", "SENTENCES", "date_text", "moment_text", "number", "of_hundred", "plain"]

SENTENCES = {
    "figure": Text(
        "Trong 100 người có các yếu tố như vậy, khoảng {count} người sẽ có biến cố trong {years} năm kể từ {index}.",
        "Of 100 people with such risk factors, about {count} will have an event within {years} years from {index}.",
    ),
    "figure-small": Text(
        "Trong 100 người có các yếu tố như vậy, chưa tới 1 người sẽ có biến cố trong {years} năm kể từ {index}.",
        "Of 100 people with such risk factors, fewer than 1 will have an event within {years} years from {index}.",
    ),
    "moves": Text(
        "{value} – nguy cơ bằng {ratio} lần mức tham chiếu ({reference})",
        "{value} – {ratio} times the hazard of the reference ({reference})",
    ),
    "same": Text("{value} – bằng mức tham chiếu", "{value} – as in the reference"),
    "yes": Text("có", "yes"),
    "no": Text("không", "no"),
    "none-recorded": Text("không thấy ghi nhận", "none recorded"),
    "not-recorded": Text("{label}: chưa có trong hồ sơ", "{label}: not in the record"),
    "no-date": Text("{label}: có ghi nhưng không có ngày", "{label}: recorded without a date"),
    "too-old": Text(
        "{label}: lần gần nhất là {last}, đã quá cũ so với ngày {index}",
        "{label}: last recorded on {last}, too old for {index}",
    ),
    "not-understood": Text(
        "{label}: có ghi nhưng không hiểu được đơn vị hoặc câu trả lời",
        "{label}: recorded, but its unit or answer is not understood",
    ),
    "sex-unknown": Text(
        "Giới tính: phương trình chỉ có cho nam và nữ, hồ sơ ghi khác hoặc không ghi",
        "Sex: the equation exists for male and female only; the record says otherwise or nothing",
    ),
    "birth-unknown": Text("Ngày sinh: chưa có trong hồ sơ", "Birth date: not in the record"),
    "may-be": Text(
        "{label}: không thấy ghi nhận, nhưng không chắc là không có; nếu có, khoảng {count} trên 100.",
        "{label}: none recorded, which is no proof that there is none; with it, about {count} of 100.",
    ),
    "birth-year": Text(
        "Ngày sinh chỉ biết năm hoặc tháng: tuổi có thể lệch một năm.",
        "Only the year or month of birth is known: the age may be off by a year.",
    ),
    "former": Text("đã bỏ thuốc", "former smoker"),
    "never": Text("không bao giờ hút", "never smoked"),
    "non-smoker": Text("hiện không hút", "does not smoke"),
    "current": Text("đang hút", "smokes"),
    "positive": Text("dương tính", "positive"),
    "negative": Text("âm tính", "negative"),
    "grade-1": Text("độ 1", "grade 1"),
    "grade-2": Text("độ 2", "grade 2"),
    "grade-3": Text("độ 3", "grade 3"),
    "male": Text("nam", "male"),
    "female": Text("nữ", "female"),
    "sex": Text("Giới tính", "Sex"),
    "years": Text("{count} tuổi", "{count} years"),
    "deceased": Text("Người bệnh đã mất: không tính nguy cơ.", "The person has died: no risk is told."),
    "excluded": Text(
        "{label}: phương trình chỉ dành cho người chưa mắc.",
        "{label}: the equation is for people without it only.",
    ),
    "contradictory": Text(
        "{label} khác nhau giữa các hồ sơ của người này: cần làm rõ trước.",
        "{label} differs between this person's records: clear it up first.",
    ),
    "birth-date": Text("Ngày sinh", "Birth date"),
    "missing": Text("Thiếu dữ liệu: {labels}.", "Data are missing: {labels}."),
    "age-out-of-range": Text(
        "{age} tuổi vào ngày {index}: phương trình chỉ dùng cho {low}–{high} tuổi.",
        "Aged {age} on {index}: the equation holds from {low} to {high} only.",
    ),
    "value-out-of-range": Text(
        "{label} {value} nằm ngoài khoảng {low}–{high} {unit} mà phương trình dùng được.",
        "{label} {value} lies outside of {low} to {high} {unit}, where the equation holds.",
    ),
    "count-out-of-range": Text(
        "{label} {value} nằm ngoài khoảng {low}–{high} mà phương trình dùng được.",
        "{label} {value} lies outside of {low} to {high}, where the equation holds.",
    ),
}

SCORE_SENTENCES = {
    "figure": Text(
        "{low} trên {of} điểm lúc {index}: {label}. {advice}", "{low} of {of} points at {index}: {label}. {advice}"
    ),
    "figure-at-least": Text(
        "Ít nhất {low} điểm (nhiều nhất {high} trên {of}) lúc {index}; thiếu: {missing} – {label}. {advice}",
        "At least {low} points (at most {high}, of {of}) at {index}; missing: {missing} – {label}. {advice}",
    ),
    "label-range": Text("ít nhất {label}, có thể tới {possible}", "at least {label}, possibly {possible}"),
    "advice-range": Text(
        "Đo bổ sung những gì còn thiếu để biết đúng mức. Ít nhất phải: {advice}",
        "Measure what is missing to know the true response. At the least: {advice}",
    ),
    "at-least": Text(
        "Điểm là mức thấp nhất: cái thiếu không được coi là bình thường; nếu xấu nhất, {high} điểm: {label}.",
        "The points are a lower bound: what is missing is not taken as normal; at worst {high} points: {label}.",
    ),
    "points": Text("{label} {value}: {count} điểm", "{label} {value}: {count} points"),
    "points-range": Text(
        "{label} {value}: {low} đến {high} điểm, tùy cái còn thiếu",
        "{label} {value}: {low} to {high} points, by what is missing",
    ),
    "rounded": Text("{value} (ghi {given}, đã làm tròn)", "{value} (recorded {given}, rounded)"),
    "not-recorded": Text("{label}: chưa có trong hồ sơ", "{label}: not in the record"),
    "no-date": Text("{label}: có ghi nhưng không có ngày giờ", "{label}: recorded without a time"),
    "too-old": Text(
        "{label}: lần gần nhất lúc {last}, đã quá cũ so với {index}",
        "{label}: last recorded at {last}, too old for {index}",
    ),
    "not-understood": Text(
        "{label}: lần đo mới nhất có ghi nhưng không hiểu được đơn vị, con số hoặc câu trả lời",
        "{label}: the newest one is recorded, but its unit, number or answer is not understood",
    ),
    "unclear": Text("{label}: {answer}, không đủ để cho điểm", "{label}: {answer}, which tells no points"),
    "possible": Text("{why}; có thể 0–{most} điểm", "{why}; 0 to {most} points are possible"),
    "no-order": Text(
        "{label}: dùng {scale}, vì trong hồ sơ không thấy y lệnh: {order}.",
        "{label}: {scale} is used, as no order stands in the record: {order}.",
    ),
    "apart": Text(
        "Các giá trị không đo cùng lúc: cũ nhất lúc {first}, mới nhất lúc {last}.",
        "The values were not taken at one time: the oldest at {first}, the newest at {last}.",
    ),
    "moment": Text(
        "Điểm chỉ nói về lúc {index}; tình trạng của người bệnh bây giờ có thể đã khác.",
        "The points tell of {index} only; the patient may be otherwise now.",
    ),
    "age": Text("Tuổi", "Age"),
    "birth-year": Text(
        "Ngày sinh chỉ biết năm hoặc tháng: tuổi có thể lệch một năm.",
        "Only the year or month of birth is known: the age may be off by a year.",
    ),
    "deceased": Text("Người bệnh đã mất: không cho điểm.", "The person has died: no points are told."),
    "excluded": Text(
        "{label}: thang điểm không dùng được khi đó.", "{label}: the score does not hold then, so no points are told."
    ),
    "age-out-of-range": Text(
        "{age} tuổi vào ngày {index}: thang điểm chỉ dùng từ {low} tuổi.",
        "Aged {age} on {index}: the score holds from {low} years on.",
    ),
    "no-set": Text(
        "Chỉ có {count} thông số, không điểm nào: chưa phải một lần đo dấu hiệu sinh tồn. Thiếu dữ liệu: {labels}.",
        "Only {count} known, without points: that is no set of vital signs. Data are missing: {labels}.",
    ),
}


def plain(value: Decimal, places: str = "0.01") -> str:
    """A number rounded half up, without trailing zeros."""
    rounded = value.quantize(Decimal(places), ROUND_HALF_UP)
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: Decimal, places: str = "0.01") -> Text:
    """A number as each language writes it: a decimal comma in Vietnamese, a point in English."""
    text = plain(value, places)
    return Text(text.replace(".", ","), text)


def of_hundred(risk: Decimal) -> Text:
    """How many of a hundred people, as a whole number."""
    count = str((risk * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return Text(count, count)


def date_text(day: str) -> Text:
    """A date (YYYY-MM-DD, or less precise) as each language writes it."""
    return Text("/".join(reversed(day.split("-"))), day)


def moment_text(time: str) -> Text:
    """A FHIR date or dateTime as each language writes it, with the offset in which it was written."""
    day, _, clock = time.partition("T")
    told = date_text(day)
    if not clock:
        return told
    zone = "+00:00" if clock.endswith("Z") else clock[-6:] if clock[-6:-5] in ("+", "-") else ""
    shown = f" ({zone})" if zone else ""
    return Text(f"{clock[:5]} {told.vi}{shown}", f"{told.en} {clock[:5]}{shown}")
