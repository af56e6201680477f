"""What a run did: per file what was replaced how often, what was not copied, what remains; no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.core.errors import ExitCode
from lienthong.core.finding import Finding
from lienthong.deidentifying.words import ENGLISH, VIETNAMESE, told
from lienthong.sources.converted import LeftOut

__all__ = ["Deidentified", "Written", "report_json", "report_text"]


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written: its new name, the one it had (for the screen alone), what was replaced.

    `not_copied` are columns of a table that were left out, by their known names or as a spreadsheet calls them.
    """

    name: str
    was: str
    format: str
    records: int
    replaced: Mapping[str, int]
    not_copied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deidentified:
    """The result of a run. `groups`: persons, groups of birth year, sex and province, groups of fewer than five."""

    files: tuple[Written, ...]
    refused: tuple[Finding, ...]
    left_out: tuple[LeftOut, ...]
    groups: tuple[int, int, int]
    options: Mapping[str, bool]
    seconds: float

    @property
    def records(self) -> int:
        return sum(file.records for file in self.files)

    @property
    def replaced(self) -> dict[str, int]:
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.replaced)
        return dict(sorted(total.items()))

    @property
    def exit(self) -> ExitCode:
        return ExitCode.QUARANTINED if self.refused else ExitCode.DONE

    def to_json(self) -> dict[str, Any]:
        """What the caller is told: also which file became which."""
        return {
            "files": [
                {"name": file.name, "was": file.was, "format": file.format, "records": file.records}
                | ({"columns_not_copied": list(file.not_copied)} if file.not_copied else {})
                for file in self.files
            ],
            "records": self.records,
            "replaced": self.replaced,
            "not_copied": [finding.to_json() for finding in self.refused],
            "left_out": [{"name": item.name, "why": item.why} for item in self.left_out],
            "remains": _remains(self.groups),
            "seconds": round(self.seconds, 3),
        }


def _remains(groups: tuple[int, int, int]) -> dict[str, int]:
    persons, all_groups, small = groups
    return {"persons": persons, "groups": all_groups, "groups_under_5": small}


def report_json(result: Deidentified) -> dict[str, Any]:
    """What is written beside the copies and may be shown with them."""
    codes = Counter(finding.code for finding in result.refused)
    return {
        "files": [
            {
                "name": file.name,
                "format": file.format,
                "records": file.records,
                "replaced": dict(sorted(file.replaced.items())),
            }
            | ({"columns_not_copied": list(file.not_copied)} if file.not_copied else {})
            for file in result.files
        ],
        "records": result.records,
        "replaced": result.replaced,
        "not_copied": dict(sorted(codes.items())),
        "left_out": len(result.left_out),
        "remains": _remains(result.groups),
        "options": dict(result.options),
        "anonymous": False,
    }


def report_text(result: Deidentified) -> str:
    """The same in Vietnamese and in English."""
    return "\n".join((*_vietnamese(result), "", "----", "", *_english(result), ""))


def _files(result: Deidentified, words: Mapping[str, str], not_copied: str) -> Iterator[str]:
    for file in result.files:
        yield f"  {file.name} ({file.format}, {file.records})"
        for kind, count in told(file.replaced, words):
            yield f"    {kind}: {count}"
        if file.not_copied:
            yield f"    {not_copied}: {', '.join(file.not_copied)}"


def _vietnamese(result: Deidentified) -> Iterator[str]:
    persons, groups, small = result.groups
    yield "BÁO CÁO KHỬ NHẬN DẠNG"
    yield "Đây vẫn là dữ liệu cá nhân (bút danh hóa), chưa phải dữ liệu ẩn danh: không đăng công khai."
    yield f"Đã ghi {len(result.files)} tệp, {result.records} bản ghi. Đã thay (theo loại):"
    yield from _files(result, VIETNAMESE, "cột không sao chép")
    yield f"Không đọc được nên không sao chép: {len(result.refused)} chỗ."
    yield f"Không phải dữ liệu: {len(result.left_out)} tệp."
    yield "Còn lại, có thể giúp nhận ra người: giới, năm sinh, tỉnh, dân tộc, nghề nghiệp, chẩn đoán, thuốc, số tiền."
    yield f"Nhóm năm sinh × giới × tỉnh: {persons} người, {groups} nhóm, {small} nhóm dưới 5 người."
    yield "Không cam kết k-ẩn danh."
    if result.options.get("no_text"):
        yield "Toàn bộ văn bản tự do đã bị xóa (--no-text)."
    else:
        yield "Văn bản tự do đã lọc tên, số, địa chỉ, ngày; không thể chứng minh là sạch hết."
        yield "Hãy đọc lại, hoặc dùng --no-text."


def _english(result: Deidentified) -> Iterator[str]:
    persons, groups, small = result.groups
    yield "REPORT OF A DE-IDENTIFICATION"
    yield "These are personal data still (pseudonymised), not anonymous ones: do not publish them."
    yield f"{len(result.files)} files written, {result.records} records. Replaced (by kind):"
    yield from _files(result, ENGLISH, "columns not copied")
    yield f"Not read, so not copied: {len(result.refused)} places; no export: {len(result.left_out)} files."
    yield "What remains and may tell who somebody is: sex, birth year, province, ethnic group, occupation, diagnosis,"
    yield "drugs, sums."
    yield f"Birth year × sex × province: {persons} persons, {groups} groups, {small} of fewer than 5."
    yield "k-anonymity is not claimed."
    if result.options.get("no_text"):
        yield "All free text was taken out (--no-text)."
    else:
        yield "Names, numbers, addresses and dates were taken out of free text; that nothing is left can't be proven."
        yield "Read it, or use --no-text."
