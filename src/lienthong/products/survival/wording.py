"""The sentences of breast-survival: its figure with the interval, what trials say of a treatment, what it is not."""

from __future__ import annotations

from lienthong.products.card import Text

__all__ = ["SURVIVAL_SENTENCES"]

SURVIVAL_SENTENCES = {
    "figure": Text(
        "Trong 100 phụ nữ có kết quả như vậy, khoảng {count} người (từ {low} đến {high}) sẽ tái phát hoặc tử "
        "vong trong {years} năm kể từ {index}.",
        "Of 100 women with such findings, about {count} (from {low} to {high}) will have a recurrence or die "
        "within {years} years from {index}.",
    ),
    "benefit": Text(
        "Trong các thử nghiệm ngẫu nhiên, {treatment} so với không dùng: khoảng {count} trên 100 người nữa "
        "không tái phát sau {years} năm (từ {low} đến {high}). Đây là mức trung bình, không phải lời khuyên.",
        "In randomised trials, {treatment} against none: about {count} of 100 more without recurrence at "
        "{years} years (from {low} to {high}). That is an average, no recommendation.",
    ),
    "benefit-source": Text(
        "Lợi ích của {treatment} lấy từ thử nghiệm ngẫu nhiên ({source}), không lấy từ hệ số của mô hình này;"
        " tái phát và tử vong được tính chung, thử nghiệm chỉ đếm tái phát, nên con số hơi cao. Tác hại của "
        "thuốc không nằm trong đó.",
        "The benefit of {treatment} is that of randomised trials ({source}), not this model's coefficient; "
        "recurrence and death are taken together here, the trials counted recurrence only, so it is somewhat "
        "too large. Harms of the drug are not in it.",
    ),
    "no-benefit": Text(
        "Thụ thể estrogen âm tính: các thử nghiệm gần như không thấy lợi ích của {treatment}, nên không nêu con số.",
        "The oestrogen receptor is negative: trials found little or no benefit of {treatment}, so no figure is told.",
    ),
    "given": Text(
        "{label}: đã có trong hồ sơ; con số là khi có điều trị, không nêu chênh lệch.",
        "{label}: recorded; the figure is with it, and no difference is told.",
    ),
    "assumed-none": Text(
        "{label}: không thấy ghi nhận, con số tính như không có; không chắc là không có.",
        "{label}: none recorded; the figure is for a woman without it, which is no proof that there is none.",
    ),
    "no-effect": Text(
        "Hệ số của điều trị trong mô hình không phải là tác dụng: ở Rotterdam bác sĩ đã chọn ai được điều "
        "trị, không phải rút thăm.",
        "The model's coefficients of treatments are not their effects: in Rotterdam physicians chose who was "
        "treated, not a lot.",
    ),
    "interval": Text(
        "Khoảng chỉ nói về độ chắc chắn của mô hình trong dữ liệu của nó; sai lệch do khác thời, khác nơi chưa tính.",
        "The interval tells how sure the model is within its own data; that it may be off in another time or "
        "place comes on top.",
    ),
    "cancer-missing": Text(
        "Ung thư vú xâm lấn: chưa có chẩn đoán trong hồ sơ",
        "Invasive breast cancer: no such diagnosis in the record",
    ),
    "sex-unknown": Text(
        "Giới tính: mô hình chỉ dành cho nữ, hồ sơ không ghi rõ",
        "Sex: the model is for women only; the record does not tell",
    ),
    "women-only": Text(
        "Mô hình chỉ làm từ dữ liệu của phụ nữ: không đưa ra con số cho người có giới tính khác trong hồ sơ.",
        "The model was made from women only: no figure is told for a person whose recorded sex is another.",
    ),
    "grade-1": Text(
        "Độ 1 được tính như độ 2: dữ liệu gốc không có độ 1.",
        "Grade 1 counts as grade 2: the development data have no grade 1.",
    ),
}
