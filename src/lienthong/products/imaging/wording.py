"""What the product of pictures says in words, in two languages: the figure, the zones, and why it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lienthong.products.card import Text

__all__ = ["REFUSALS", "SENTENCES", "ZONE_NAMES"]

SENTENCES: Mapping[str, Text] = MappingProxyType(
    {
        "positive": Text(
            "AI nghiêng về VIÊM PHỔI: xác suất {percent} % (ngưỡng {threshold} %). Chưa được bác sĩ xác nhận.",
            "The AI leans towards PNEUMONIA: probability {percent} % (threshold {threshold} %). Not verified.",
        ),
        "negative": Text(
            "AI không nghiêng về viêm phổi: xác suất {percent} % (ngưỡng {threshold} %). Không loại trừ bệnh. "
            "Chưa được bác sĩ xác nhận.",
            "The AI does not lean towards pneumonia: probability {percent} % (threshold {threshold} %). "
            "It rules out nothing. Not verified.",
        ),
        "unsure": Text(
            "Mô hình không phân định được ảnh này: hãy coi như không có gợi ý.",
            "The model can't tell for this picture: take it as no suggestion.",
        ),
        "where": Text(
            "Bằng chứng chính nằm ở: {zones} (trái, phải là của ảnh).",
            "The main evidence lies in: {zones} (left and right are those of the picture).",
        ),
        "nowhere": Text(
            "Không chỉ ra được vùng nào: bản đồ bằng chứng không qua được kiểm tra trung thực trên ảnh này.",
            "No place is shown: the map of evidence did not pass its test of faithfulness on this picture.",
        ),
        "comparator": Text(
            "Mô hình giải thích được (đặc trưng có tên) cho xác suất {percent} % trên cùng ảnh.",
            "The explainable model (named features) gives a probability of {percent} % for the same picture.",
        ),
        "differ": Text(
            "Hai mô hình khác nhau về phía của ngưỡng: hãy xem kỹ ảnh.",
            "The two models lie on different sides of the threshold: look closely at the picture.",
        ),
        "posteroanterior": Text(
            "Ảnh chụp sau–trước (PA); mô hình được làm từ ảnh trước–sau (AP).",
            "The picture is posteroanterior (PA); the model was made from anteroposterior (AP) pictures.",
        ),
        "picture": Text("Ảnh X-quang", "X-ray picture"),
        "shown": Text(
            "{view}, {rows} × {columns} điểm, {age} tuổi; thu nhỏ còn {side} × {side}",
            "{view}, {rows} × {columns} points, {age} years; made as small as {side} × {side}",
        ),
    }
)

ZONE_NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "upper_left": Text("phần trên bên trái", "upper left"),
        "upper_right": Text("phần trên bên phải", "upper right"),
        "lower_left": Text("phần dưới bên trái", "lower left"),
        "lower_right": Text("phần dưới bên phải", "lower right"),
        "centre": Text("dải giữa (trung thất)", "centre (mediastinum)"),
    }
)

REFUSALS: Mapping[str, Text] = MappingProxyType(
    {
        "not-a-radiograph": Text(
            "Không phải ảnh X-quang thường quy (Modality không phải CR, DX).",
            "No radiograph (Modality is not CR or DX).",
        ),
        "not-a-chest": Text(
            "Không phải ảnh ngực, hoặc không ghi bộ phận chụp.", "No chest, or the body part is not stated."
        ),
        "not-frontal": Text(
            "Không phải tư thế thẳng (AP hoặc PA), hoặc không ghi tư thế.",
            "No frontal view (AP or PA), or it is not stated.",
        ),
        "not-for-presentation": Text(
            "Ảnh thô (FOR PROCESSING), không phải ảnh để đọc.", "A raw picture (FOR PROCESSING), not one to be read."
        ),
        "not-upright": Text(
            "Ảnh bị xoay hoặc lật theo PatientOrientation.", "Turned or mirrored, as PatientOrientation says."
        ),
        "age-unknown": Text(
            "Không biết tuổi lúc chụp: không có ngày sinh và PatientAge.",
            "The age at the time of the picture is not known: neither dates nor PatientAge say it.",
        ),
        "age-out-of-range": Text("Ngoài lứa tuổi của mô hình.", "Outside the age for which the model was made."),
        "not-grey": Text("Không phải ảnh xám một kênh.", "Not a grey picture of one channel."),
        "more-than-one-picture": Text("Tệp có nhiều khung hình.", "The file has more than one frame."),
        "too-small": Text("Ảnh quá nhỏ.", "The picture is too small."),
        "pixels-not-decodable": Text(
            "Không giải mã được điểm ảnh, hoặc kích thước không khớp.",
            "The pixels can't be decoded, or are not as many as the file says.",
        ),
        "picture-is-empty": Text("Ảnh không có nội dung.", "There is nothing in the picture."),
        "dicom-unreadable": Text(
            "Không đọc được tệp; hãy lấy lại ảnh từ nơi gửi. ({why})",
            "The file can't be read; get the picture again from where it came. ({why})",
        ),
        "patient-not-found": Text(
            "Không có người bệnh nào trong hồ sơ mang mã số trong ảnh; hãy chỉ rõ bằng --patient.",
            "No patient of the record bears the number in the picture; name the patient with --patient.",
        ),
        "patient-not-unique": Text(
            "Nhiều người bệnh khớp với ảnh; hãy chỉ rõ bằng --patient.",
            "More than one patient fits the picture; name the patient with --patient.",
        ),
        "patient-contradicts": Text(
            "Ngày sinh hoặc giới tính trong ảnh không khớp hoặc không có để so với hồ sơ: không gán ảnh cho ai.",
            "Birth date or sex in the picture contradict the record, or can't be compared: the picture is nobody's.",
        ),
        "unlike-training": Text(
            "Ảnh không giống ảnh ngực trẻ em mà mô hình được làm ra từ đó "
            "(có thể bị đảo sáng tối, bị xoay, hoặc là ảnh khác).",
            "The picture is unlike the children's chests that the model was made from "
            "(inverted, turned, or another kind).",
        ),
    }
)
"""Why there is no figure, by the code of the refusal."""
