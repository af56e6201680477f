"""What the kinds of replaced values are called in the reports, in Vietnamese and in English."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["ENGLISH", "VIETNAMESE", "told"]

_WORDS = {
    ("tên người", "names"): (
        "name name-female name-male name-child name-other staff-name xpn xpn-female family given prefix"
    ),
    ("nhân viên y tế (tên, số chứng chỉ)", "staff (names, licences)"): "staff licence xcn",
    ("CCCD, CMND, hộ chiếu", "national ids, passports"): "national-id",
    ("thẻ BHYT", "insurance cards"): "card",
    ("mã số BHXH", "social-insurance numbers"): "social",
    ("số điện thoại, cách liên lạc", "phones and other ways to reach somebody"): "phone telecom xtn",
    ("thư điện tử", "mail addresses"): "mail",
    ("địa chỉ", "addresses"): "address xad",
    ("xã, phường, huyện", "communes and districts"): "commune",
    ("nơi chốn được ghi tên", "named places"): "place",
    ("ngày sinh", "births"): "birth",
    ("ngày giờ (dời theo người)", "dates (moved with the person)"): "date range",
    ("tháng quyết toán", "months of accounts"): "settlement",
    ("mã lượt khám", "keys of visits"): "visit",
    ("mã người bệnh, mã giấy tờ", "keys of persons and papers"): "record cx",
    ("mã và khóa khác", "other keys and identifiers"): "key token identifier ei eip",
    ("tham chiếu giữa các bản ghi", "references between records"): "reference",
    ("cơ sở, khoa phòng", "facilities and wards"): "facility facility-inside hd pl",
    ("địa chỉ mạng", "addresses of the web"): "address-of",
    ("văn bản tự do", "free text"): "text value",
    ("chữ của danh mục (chỉ bỏ tên, số của hồ sơ)", "words of catalogues (only names of the record taken out)"): (
        "catalogue code kept"
    ),
    ("từ không có trong ánh xạ", "words that the mapping does not name"): "word sex",
    ("mã không rõ nghĩa", "codes of unclear meaning"): "short-code",
    ("số không đúng dạng", "numbers of another form"): "number",
    ("đã bỏ", "taken out"): "removed",
    ("tệp đính kèm", "attached files"): "file",
    ("phần mở rộng không quen biết", "unknown extensions"): "extension",
    ("phần tử, trường, đoạn, trang tính không quen biết", "unknown elements, fields, segments, sheets"): (
        "unknown-element unknown-field unknown-segment unknown-sheet"
    ),
}

VIETNAMESE: Mapping[str, str] = MappingProxyType(
    {kind: vi for (vi, _), kinds in _WORDS.items() for kind in kinds.split()}
)
ENGLISH: Mapping[str, str] = MappingProxyType(
    {kind: en for (_, en), kinds in _WORDS.items() for kind in kinds.split()}
)


def told(replaced: Mapping[str, int], words: Mapping[str, str]) -> list[tuple[str, int]]:
    """The counts of kinds by what they are called; kinds that are called alike are one."""
    found: Counter[str] = Counter()
    for kind, count in replaced.items():
        found[words[kind]] += count
    return sorted(found.items())
