"""The clerk's words for what is wrong with a whole file, whatever its kind; rules of claims bring their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from lienthong.core.finding import Finding

__all__ = ["WORDS", "in_vietnamese"]

_AGAIN = "Xuất hoặc chép lại tệp."
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "archive-bomb": ("Tệp nén bung ra lớn bất thường nên không đọc.", "Tự giải nén rồi đưa thư mục."),
        "archive-damaged": ("Tệp nén hỏng, bị cắt hoặc có mật khẩu.", _AGAIN),
        "archive-nested": ("Tệp nén nằm trong tệp nén khác.", "Giải nén lớp ngoài rồi đưa thư mục."),
        "archive-unknown": ("Loại tệp nén này không đọc được.", "Giải nén rồi đưa thư mục; đọc được gzip và zip."),
        "file-broken": ("Tệp mang tên tệp xuất nhưng nội dung không phải XML, JSON hay HL7.", _AGAIN),
        "file-no-export": ("Tệp này không phải dữ liệu xuất đọc được.", "Đưa đúng tệp XML (GIAMDINHHS)."),
        "file-not-opened": ("Không mở được tệp.", "Kiểm tra quyền đọc tệp rồi đưa lại."),
        "file-not-plain": ("Đây không phải một tệp thường.", "Đưa chính tệp dữ liệu."),
        "file-too-large": ("Tệp lớn hơn giới hạn max_file_bytes.", "Chia nhỏ tệp, hoặc tăng max_file_bytes."),
        "xml-doctype": ("XML có DOCTYPE hoặc thực thể nên bị từ chối.", "Xuất lại từ phần mềm bệnh viện."),
    }
)


def in_vietnamese(finding: Finding) -> Finding:
    """The same finding in Vietnamese, where it is one of a whole file; others stay as they are."""
    words = WORDS.get(finding.code)
    return replace(finding, message=words[0], cure=words[1]) if words else finding
