"""What the reader itself sees in a file and its rows: the same findings as at ingest, in the clerk's words.

These rules look at nothing: they give each finding of the reader its text, its severity for a claim to be sent, and
its switch in the settings. A finding is known by its code, which is the rule's id.
"""

from __future__ import annotations

from lienthong.core.finding import Severity
from lienthong.sources.bhyt.rules.rule import ClaimRule, Family, Text

__all__ = ["RULES"]

_ANNEX = "QĐ 130/QĐ-BYT 2023, QĐ 4750/QĐ-BYT 2023, QĐ 3176/QĐ-BYT 2024"
_ENVELOPE = f"{_ANNEX}: GIAMDINHHS"
_AGAIN = Text("Xuất lại hồ sơ từ phần mềm bệnh viện.", "Export it again from the hospital's system.")
_FILL = Text("Điền chỉ tiêu trong phần mềm bệnh viện.", "Fill it in the hospital's system.")


def _read(id: str, severity: Severity, vi: str, en: str, cure: Text = _AGAIN, source: str = _ENVELOPE) -> ClaimRule:
    return ClaimRule(id, Family.READING, severity, Text(vi, en), cure, source)


def _row(id: str, severity: Severity, vi: str, en: str, cure: Text, source: str = _ANNEX) -> ClaimRule:
    return ClaimRule(id, Family.LAYOUT, severity, Text(vi, en), cure, source)


RULES = (
    _read(
        "bhyt-envelope-broken",
        Severity.ERROR,
        "Không đọc được phong bì GIAMDINHHS; tệp có thể bị cắt.",
        "The envelope can't be read; the file may be cut off.",
    ),
    _read(
        "bhyt-envelope-open",
        Severity.WARNING,
        "Phong bì GIAMDINHHS không có phần kết; tệp có thể bị cắt.",
        "The envelope does not end; the file may be cut off.",
    ),
    _read(
        "bhyt-count-differs",
        Severity.WARNING,
        "SOLUONGHOSO khác số hồ sơ trong tệp; tệp có thể thiếu hồ sơ.",
        "SOLUONGHOSO is not the number of records in the file.",
    ),
    _read(
        "bhyt-envelope-other",
        Severity.ERROR,
        "Tệp XML này không phải hồ sơ GIAMDINHHS nên không kiểm tra được.",
        "This health-insurance XML is no claim envelope, so that it can't be checked.",
        Text("Đưa hồ sơ trong phong bì GIAMDINHHS.", "Give the claims in their envelope GIAMDINHHS."),
    ),
    _read(
        "bhyt-hoso-too-large",
        Severity.ERROR,
        "Một hồ sơ dài hơn giới hạn max_record_bytes.",
        "One record is longer than max_record_bytes.",
        Text("Xuất ít hồ sơ hơn, hoặc tăng max_record_bytes.", "Export fewer records, or raise max_record_bytes."),
    ),
    _read(
        "bhyt-layout-ended",
        Severity.ERROR,
        "Hồ sơ dùng cấu trúc QĐ 4210/2017, đã hết hiệu lực vào ngày ra.",
        "The record is in the tables of QĐ 4210/2017, which ended before this visit.",
        Text("Xuất lại theo cấu trúc đang có hiệu lực.", "Export it in the layout in force."),
        "QĐ 130/QĐ-BYT 2023, QĐ 4750/QĐ-BYT 2023: từ 01/07/2024",
    ),
    _read(
        "bhyt-tag-other",
        Severity.WARNING,
        "Thẻ XML của bảng sai tên hoặc sai chữ hoa, thường.",
        "Elements of the table are not named as the decision names them.",
        Text("Đặt tên thẻ như QĐ 130, chữ hoa.", "Name them as QĐ 130 does, in capitals."),
    ),
    _read(
        "bhyt-field-twice",
        Severity.ERROR,
        "Một chỉ tiêu có hai lần trong dòng, giá trị khác nhau.",
        "The row has a field twice with different values.",
        Text("Ghi mỗi chỉ tiêu một lần.", "Write each field once."),
    ),
    _read(
        "bhyt-hoso-broken",
        Severity.ERROR,
        "Không đọc được hồ sơ, hoặc thiếu bảng XML1.",
        "The record can't be read, or it has no table XML1.",
    ),
    _read(
        "bhyt-key-missing",
        Severity.ERROR,
        "Hồ sơ thiếu MA_LK hoặc MA_BN trong XML1.",
        "The record has no MA_LK or MA_BN in XML1.",
        _FILL,
    ),
    _read(
        "bhyt-table-broken",
        Severity.ERROR,
        "Không đọc được nội dung của bảng.",
        "The content of the table can't be read.",
    ),
    _read(
        "bhyt-table-unknown",
        Severity.WARNING,
        "Loại bảng (LOAIHOSO) không có trong quy định.",
        "The kind of table (LOAIHOSO) is not known.",
        Text("Sửa LOAIHOSO thành XML1 đến XML15.", "Write XML1 to XML15."),
    ),
    _read(
        "bhyt-row-broken",
        Severity.ERROR,
        "Không đọc được dòng của bảng.",
        "The row can't be read as XML.",
        Text("Sửa dòng này và xuất lại hồ sơ.", "Correct the row and export the record again."),
    ),
    _read(
        "bhyt-characters-cleaned",
        Severity.WARNING,
        "Bảng có ký tự mà XML không cho phép; Cổng có thể từ chối.",
        "The table has characters that XML does not allow.",
        Text(
            "Viết & và < thành &amp; và &lt; hoặc dùng CDATA; bỏ ký tự điều khiển.",
            "Write & and < as &amp; and &lt;, or use CDATA; leave control characters out.",
        ),
    ),
    _read(
        "bhyt-row-elsewhere",
        Severity.ERROR,
        "Dòng có MA_LK khác hồ sơ chứa nó.",
        "The row's MA_LK is not that of its record.",
        Text("Ghi cùng một MA_LK ở mọi bảng của hồ sơ.", "Give all rows of a record the same MA_LK."),
        f"{_ANNEX}: MA_LK",
    ),
    _read(
        "bhyt-totals-incomplete",
        Severity.ERROR,
        "Có dòng không đọc được, nên các tổng không so được.",
        "Rows could not be read, so that totals can't be compared.",
        Text("Sửa các dòng mà những lỗi khác nêu.", "Correct the rows that the other findings name."),
    ),
    _read(
        "bhyt-facility-differs",
        Severity.WARNING,
        "MA_CSKCB của hồ sơ khác MACSKCB của phong bì.",
        "The claim's facility is not the one of the envelope.",
        Text("Ghi cùng mã cơ sở KCB.", "Write the same facility's code."),
    ),
    _read(
        "bhyt-record-twice",
        Severity.WARNING,
        "Hồ sơ (MA_LK) có hai lần trong tệp.",
        "The record (MA_LK) stands twice in the file.",
        Text("Chỉ giữ bản đúng.", "Keep the right one only."),
        f"{_ANNEX}: MA_LK",
    ),
    _row(
        "bhyt-field-missing",
        Severity.WARNING,
        "Thiếu chỉ tiêu bắt buộc.",
        "A field that the layout requires is empty.",
        _FILL,
    ),
    _row(
        "bhyt-field-unknown",
        Severity.INFORMATION,
        "Chỉ tiêu không có trong cấu trúc của bảng.",
        "The row has a field that its layout does not have.",
        Text("Bỏ chỉ tiêu này, hoặc sửa tên.", "Leave it out, or correct its name."),
    ),
    _row(
        "bhyt-value-long",
        Severity.WARNING,
        "Giá trị dài hơn độ dài tối đa.",
        "The value is longer than the layout allows.",
        Text("Rút ngắn giá trị.", "Shorten it."),
    ),
    _row(
        "bhyt-code-unknown",
        Severity.ERROR,
        "Mã không có trong danh mục vào ngày của đợt KCB.",
        "The code is not in its list on the day of the visit.",
        Text("Ghi mã của danh mục, giữ số 0 ở đầu.", "Use a code of the list; keep leading zeros."),
        "QĐ 130/QĐ-BYT 2023, QĐ 4750/QĐ-BYT 2023, QĐ 3276/QĐ-BYT 2025, QĐ 1804/QĐ-BYT 2026",
    ),
    _row(
        "bhyt-number-wrong",
        Severity.ERROR,
        "Giá trị phải là số mà không phải số.",
        "The value must be a number and is none.",
        Text(
            "Chỉ ghi chữ số, dấu chấm trước số lẻ, không ngăn cách hàng nghìn, không đơn vị.",
            "Write digits, a point before the decimals, nothing between thousands, no unit.",
        ),
    ),
    _row(
        "bhyt-number-comma",
        Severity.WARNING,
        "Số lẻ đứng sau dấu phẩy; phải dùng dấu chấm.",
        "The decimals stand after a comma.",
        Text("Dùng dấu chấm trước số lẻ.", "Write a point before the decimals."),
    ),
    _row(
        "bhyt-date-wrong",
        Severity.ERROR,
        "Giá trị không phải ngày giờ có trong lịch.",
        "The value is no date or time of the calendar.",
        Text("Ghi yyyymmddHHMM, hoặc yyyymmdd cho ngày.", "Write yyyymmddHHMM, or yyyymmdd for a date."),
    ),
)
