"""Vietnamese names in their real proportions, and the ways in which clerks write them differently."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from lienthong.demo.chance import Chance

__all__ = ["Name", "abbreviated", "given_first", "given_name", "name", "toneless", "with_d"]


@dataclass(frozen=True, slots=True)
class Name:
    """A name in the order in which it is said: family, middle, given."""

    family: str
    middle: str
    given: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.family, self.middle, self.given) if part)


# Shares in per cent, after Lê Trung Hoa, "Họ và tên người Việt Nam" (2005): fourteen families are nine people in ten.
_FAMILIES: tuple[tuple[str, float], ...] = (
    ("Nguyễn", 38.4), ("Trần", 12.1), ("Lê", 9.5), ("Phạm", 7.0), ("Huỳnh", 2.6), ("Hoàng", 2.5), ("Phan", 4.5),
    ("Vũ", 2.0), ("Võ", 1.9), ("Đặng", 2.1), ("Bùi", 2.0), ("Đỗ", 1.4), ("Hồ", 1.3), ("Ngô", 1.3), ("Dương", 1.0),
    ("Lý", 0.5), ("Đinh", 0.9), ("Trương", 1.1), ("Đoàn", 0.8), ("Lâm", 0.7), ("Mai", 0.6), ("Trịnh", 0.7),
    ("Tạ", 0.5), ("Hà", 0.6), ("Châu", 0.4), ("Cao", 0.5), ("Thạch", 0.3), ("Sơn", 0.2), ("Lò", 0.3), ("Vàng", 0.2),
)  # fmt: skip
_MIDDLES = {
    "male": (("Văn", 30.0), ("Hữu", 8.0), ("Đức", 8.0), ("Minh", 8.0), ("Quang", 7.0), ("Thanh", 6.0), ("Công", 5.0),
             ("Đình", 5.0), ("Xuân", 4.0), ("Quốc", 6.0), ("Ngọc", 5.0), ("", 3.0)),
    "female": (("Thị", 42.0), ("Thị Thu", 5.0), ("Thị Kim", 5.0), ("Ngọc", 9.0), ("Thị Ngọc", 5.0), ("Thu", 6.0),
               ("Thanh", 6.0), ("Kim", 5.0), ("Bích", 4.0), ("Mỹ", 5.0), ("Thùy", 5.0), ("", 3.0)),
}  # fmt: skip
_GIVEN = {
    "male": ("Anh", "Bảo", "Bình", "Châu", "Chiến", "Cường", "Dũng", "Duy", "Đạt", "Đông", "Giang", "Hải", "Hào",
             "Hiếu", "Hòa", "Hoàng", "Hùng", "Huy", "Khải", "Khang", "Khoa", "Kiên", "Lâm", "Long", "Lộc", "Lợi",
             "Minh", "Nam", "Nghĩa", "Nhân", "Phong", "Phú", "Phúc", "Phước", "Quân", "Quý", "Sơn", "Tài", "Tâm",
             "Tân", "Thái", "Thắng", "Thành", "Thịnh", "Thuận", "Tiến", "Toàn", "Trí", "Trung", "Tuấn", "Tùng",
             "Việt", "Vinh", "Vũ"),
    "female": ("An", "Ánh", "Bích", "Châu", "Chi", "Cúc", "Diễm", "Dung", "Duyên", "Đào", "Hà", "Hạnh", "Hằng",
               "Hiền", "Hoa", "Hồng", "Huệ", "Hương", "Lan", "Lê", "Liên", "Linh", "Loan", "Ly", "Mai", "Mỹ", "Nga",
               "Ngân", "Ngọc", "Nguyệt", "Nhung", "Như", "Oanh", "Phương", "Phượng", "Quyên", "Tâm", "Thảo", "Thoa",
               "Thơ", "Thu", "Thủy", "Thúy", "Trang", "Trâm", "Trinh", "Tuyết", "Uyên", "Vân", "Vy", "Xuân", "Yến"),
}  # fmt: skip


def name(chance: Chance, sex: str, *, family: str = "") -> Name:
    """A name of a `male` or `female`, with the family's own name where one is given."""
    return Name(family or chance.weighted(_FAMILIES), chance.weighted(_MIDDLES[sex]), chance.pick(_GIVEN[sex]))


def given_name(chance: Chance, sex: str, *, unlike: str) -> str:
    """A given name other than a sibling's."""
    return chance.pick([item for item in _GIVEN[sex] if item != unlike])


def toneless(text: str) -> str:
    """The name as a keyboard without Vietnamese letters writes it: `NGUYEN VAN DUC`."""
    bare = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).upper()


def given_first(text: str) -> str:
    """The name as a form of Western order takes it: given name, middle, family."""
    return " ".join(reversed(text.split(" ")))


def abbreviated(text: str) -> str:
    """The name as it stands on a tube or a door: `N. V. Đức`."""
    *before, given = text.split(" ")
    return " ".join([*(f"{word[0]}." for word in before), given])


def with_d(text: str) -> str:
    """The name as a keyboard without đ writes it, with its tones."""
    return text.replace("đ", "d").replace("Đ", "D")
