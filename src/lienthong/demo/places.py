"""Where the invented people live: real provinces and wards, invented streets.

Provinces are of the list in force since 2025-07-01 (34 units), wards from the same; codes and names are facts of the
General Statistics Office, restated from thanglequoc/vietnamese-provinces-database (MIT).
"""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.demo.chance import Chance

__all__ = ["PROVINCES", "Address", "Province", "address"]


@dataclass(frozen=True, slots=True)
class Province:
    """A province: its two-digit code, its name and some of its wards as (code, name)."""

    code: str
    name: str
    wards: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Address:
    """A home: an invented street in a real ward."""

    line: str
    ward_code: str
    ward: str
    province_code: str
    province: str

    @property
    def text(self) -> str:
        return f"{self.line}, {self.ward}, {self.province}"


PROVINCES: tuple[tuple[Province, float], ...] = (
    (Province("01", "Thành phố Hà Nội", (("00004", "Phường Ba Đình"), ("00376", "Xã Sóc Sơn"))), 18),
    (Province("24", "Tỉnh Bắc Ninh", (("07210", "Phường Bắc Giang"), ("07246", "Xã Xuân Lương"))), 6),
    (Province("31", "Thành phố Hải Phòng", (("10525", "Phường Hải Dương"), ("10606", "Xã Nam Sách"))), 8),
    (Province("33", "Tỉnh Hưng Yên", (("11953", "Phường Phố Hiến"), ("12619", "Xã Diên Hà"))), 7),
    (Province("37", "Tỉnh Ninh Bình", (("13285", "Phường Phủ Lý"), ("13456", "Xã Liêm Hà"))), 6),
    (Province("38", "Tỉnh Thanh Hoá", (("14797", "Phường Hạc Thành"), ("14845", "Xã Mường Lát"))), 6),
    (Province("40", "Tỉnh Nghệ An", (("16681", "Phường Thành Vinh"), ("17611", "Xã Vân Tụ"))), 5),
    (Province("48", "Thành phố Đà Nẵng", (("20194", "Phường Hải Vân"), ("20308", "Xã Bà Nà"))), 4),
    (Province("79", "Thành phố Hồ Chí Minh", (("25747", "Phường Thủ Dầu Một"), ("25777", "Xã Dầu Tiếng"))), 12),
    (Province("82", "Tỉnh Đồng Tháp", (("28261", "Phường Mỹ Tho"), ("28321", "Xã Tân Phước 1"))), 6),
    (Province("86", "Tỉnh Vĩnh Long", (("28777", "Phường An Hội"), ("28807", "Xã Giao Long"))), 6),
    (Province("91", "Tỉnh An Giang", (("30292", "Phường Bình Đức"), ("30313", "Xã Mỹ Hoà Hưng"))), 6),
    (Province("92", "Thành phố Cần Thơ", (("31135", "Phường Ninh Kiều"), ("31231", "Xã Thạnh An"))), 12),
    (Province("96", "Tỉnh Cà Mau", (("31825", "Phường Bạc Liêu"), ("31843", "Xã Hồng Dân"))), 4),
)

_STREETS = ("Hoa Mơ", "Cầu Vồng", "Bến Mộng", "Gió Lành", "Mây Trắng", "Trăng Non", "Sao Khuê", "Lúa Vàng", "Sen Đá")


def address(chance: Chance) -> Address:
    """A home of somebody; the streets are invented."""
    province = chance.weighted(PROVINCES)
    ward_code, ward = chance.pick(province.wards)
    line = f"Số {chance.whole(1, 240)}, đường {chance.pick(_STREETS)} (bịa)"
    return Address(line, ward_code, ward, province.code, province.name)
