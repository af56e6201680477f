"""Names and addresses that nobody bears: parts from which a replaced name or address is put together.

A name has a family, two middle words and two given ones. Such names are rare, which keeps most real ones out; a name
that stands in the data is never given to somebody else (`Pseudonyms.name`).
"""

from __future__ import annotations

__all__ = ["FAMILIES", "FEMALE", "MALE", "PROVINCES", "STREETS"]

FAMILIES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Đinh",
    "Trương", "Đoàn", "Trịnh", "Lương", "Tống", "Quách",
)  # fmt: skip

MALE = (
    ("Khắc", "Trọng", "Gia", "Thiện", "Bá", "Nhật", "Hoài", "Thế", "Vĩnh", "Tấn", "Chí", "Kim"),
    ("Hưng", "Mạnh", "Tường", "Khôi", "Thăng", "Nguyên", "Bách", "Sinh", "Vương", "Cảnh", "Triều", "Luân"),
    ("Đăng", "Khánh", "Phi", "An", "Thiên", "Ân", "Hậu", "Lương", "Triết", "Danh", "Tín", "Quyền", "Sáng", "Thi"),
)
"""First middle word, second middle word, the words of given names."""

FEMALE = (
    ("Diệu", "Hoài", "Khánh", "Tường", "Cẩm", "Ánh", "Bảo", "Thiên", "Hồng", "Mộng", "Lệ", "Uyển"),
    ("Hải", "Như", "Băng", "Giáng", "Tố", "Tú", "Phi", "Tiểu", "Nhã", "Thục", "Đan", "Song"),
    ("Trà", "Thi", "Nhi", "Quỳnh", "Khuê", "Đoan", "Hân", "Miên", "Trúc", "Sa", "Hạ", "Vi", "Lam", "Thư"),
)

STREETS = ("Ẩn Danh", "Thay Thế", "Không Tên", "Vô Danh", "Mô Phỏng", "Giả Định")

# The first three digits of a national id of 12: the 63 provinces of before 2025-07-01.
PROVINCES = tuple(
    f"0{number:02d}"
    for number in (
        1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33, 34, 35, 36, 37, 38, 40, 42, 44,
        45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66, 67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87,
        89, 91, 92, 93, 94, 95, 96,
    )
)  # fmt: skip
