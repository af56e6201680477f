"""The sentences in which a product tells its figure, its reasons and what it does not know, in two languages."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from lienthong.products.card import Text

__all__ = ["SENTENCES", "date_text", "number", "of_hundred", "plain"]

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
