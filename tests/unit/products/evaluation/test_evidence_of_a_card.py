"""A card takes its figures from signed runs of this very artefact and protocol; else an error names what is off."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.core import canonical
from lienthong.core.errors import LienthongError
from lienthong.products import catalogue
from lienthong.products.evaluation import artefact
from lienthong.products.evaluation.evidence import BESIDE, Evidence, read_evidence
from lienthong.products.evaluation.ledger import What
from lienthong.products.evaluation.locking import lock
from lienthong.products.evaluation.signing import sign

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
LOCKED, OPENED = "2026-11-24T00:00:00.000Z", "2026-11-24T01:00:00.000Z"
FIGURE = """
[evidence]
signer = "{signer}"
[[figure]]
measure = "{measure}"
run = "run-val"
digest = "{digest}"
decimals = 2
vi = "AUROC {{value}} ({{low}} đến {{high}}), {{n}} ca"
en = "AUROC {{value}} ({{low}} to {{high}}), {{n}} cases"
"""


class Product:
    """A folder with the card of cvd-risk, a signed lock and a signed run, each of which a test may spoil."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cvd-risk"
        shutil.copytree(Path(str(catalogue.folder("cvd-risk"))), self.folder)
        self.card = (self.folder / "card.toml").read_text("utf-8")
        self.what = What(
            "cvd-risk",
            "1.0.0",
            artefact.file_digest(self.folder, "protocol.toml"),
            artefact.digest(self.folder),
        )
        self.lock = lock(self.what, KEY, "kiem", LOCKED)
        self.run = self.body()
        self.write()

    def body(self, **changed: Any) -> dict[str, Any]:
        result = {
            "form": "lienthong-evaluation/1",
            "product": self.what.product,
            "version": self.what.version,
            "artefact": self.what.artefact,
            "protocol": {"digest": self.what.protocol, "text": ""},
            "n": 524,
            "measures": {"auroc": {"value": Decimal("0.981234"), "low": Decimal("0.97"), "high": None, "method": ""}},
        }
        status = {
            "word": "confirmatory",
            "reason": {"vi": "Vì", "en": "Because"},
            "lock": canonical.digest(dict(self.lock)),
        }
        body = {**result, "status": status, "opened": OPENED, **changed}
        body["digest"] = canonical.digest({name: item for name, item in body.items() if name not in BESIDE})
        return body

    def write(self, *, key: Ed25519PrivateKey = KEY, measure: str = "auroc", digest: str = "") -> None:
        (self.folder / "evidence").mkdir(exist_ok=True)
        self.put("lock.json", self.lock)
        self.put("run-val.json", sign(self.run, key, "kiem", "2026-11-24T02:00:00.000Z"))
        signer = self.lock["signature"]["fingerprint"]
        figure = FIGURE.format(signer=signer, measure=measure, digest=digest or self.run["digest"])
        (self.folder / "card.toml").write_text(self.card.split("[evidence]")[0] + figure, "utf-8")

    def put(self, name: str, body: Any) -> None:
        (self.folder / "evidence" / name).write_bytes(canonical.encode(body))

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), "utf-8")

    def evidence(self) -> Evidence:
        return read_evidence(self.folder, catalogue.read_card_of(self.folder))


@pytest.fixture
def product(tmp_path: Path) -> Product:
    return Product(tmp_path)


def test_a_card_states_what_the_signed_run_holds(product: Product) -> None:
    found = product.evidence()
    (figure,) = found.figures
    assert (figure.value, figure.low, figure.high) == (Decimal("0.981234"), Decimal("0.97"), None)
    assert figure.text.en == "AUROC 0.98 (0.97 to –), 524 cases"
    assert figure.text.vi == "AUROC 0,98 (0,97 đến –), 524 ca"
    said = found.to_json()
    assert said["evidence"]["runs"][0]["status"] == "confirmatory" and said["evidence"]["runs"][0]["signer"] == "kiem"
    assert said["figures"][0]["value"] == Decimal("0.981234") and said["name"] == "cvd-risk"


def _edited(product: Product) -> None:
    product.edit("evidence/run-val.json", "0.981234", "0.991234")


def _edited_digest(product: Product) -> None:
    product.run = {**product.run, "measures": {"auroc": {"value": Decimal("0.99"), "low": None, "high": None}}}
    product.write()


def _other_artefact(product: Product) -> None:
    product.edit("model.toml", "age_low = 30", "age_low = 31")


def _other_protocol(product: Product) -> None:
    product.edit("protocol.toml", "seed = 20261124", "seed = 20261125")


def _other_key(product: Product) -> None:
    product.write(key=OTHER)


def _no_such_figure(product: Product) -> None:
    product.write(measure="f1")


def _another_run(product: Product) -> None:
    product.write(digest="0" * 64)


def _no_run(product: Product) -> None:
    (product.folder / "evidence" / "run-val.json").unlink()


def _no_lock(product: Product) -> None:
    (product.folder / "evidence" / "lock.json").unlink()


def _late_lock(product: Product) -> None:
    product.lock = lock(product.what, KEY, "kiem", "2026-11-24T01:30:00.000Z")
    product.run = product.body()
    product.write()


def _another_lock(product: Product) -> None:
    product.put("lock.json", lock(product.what, KEY, "kiem", "2026-11-23T00:00:00.000Z"))


def _unsigned(product: Product) -> None:
    product.put("run-val.json", product.run)


def _another_product(product: Product) -> None:
    product.run = product.body(product="cvd-risks")
    product.write()


@pytest.mark.parametrize(
    ("spoil", "code", "where", "why"),
    [
        (_edited, "evidence-edited", "evidence/run-val.json", "edited"),
        (_edited_digest, "evidence-wrong", "evidence/run-val.json", "the digest is not that of the run"),
        (_other_artefact, "evidence-wrong", "evidence/run-val.json", "another artefact"),
        (_other_protocol, "evidence-wrong", "evidence/run-val.json", "another protocol"),
        (_other_key, "evidence-wrong", "evidence/run-val.json", "another key"),
        (_no_such_figure, "evidence-wrong", "card.toml: figure f1", "no signed run holds this figure"),
        (_another_run, "evidence-wrong", "card.toml: figure auroc", "not the run that the card quotes"),
        (_no_run, "evidence-wrong", "card.toml: figure auroc", "no signed run evidence/run-val.json"),
        (_no_lock, "evidence-wrong", "evidence/lock.json", "missing"),
        (_late_lock, "evidence-wrong", "evidence/run-val.json", "opened before the lock"),
        (_another_lock, "evidence-wrong", "evidence/run-val.json", "another lock"),
        (_unsigned, "evidence-unsigned", "evidence/run-val.json", "no signature"),
        (_another_product, "evidence-wrong", "evidence/run-val.json", "another product"),
    ],
)
def test_evidence_that_does_not_hold_is_refused_with_its_place(
    spoil: Callable[[Product], None], code: str, where: str, why: str, product: Product
) -> None:
    spoil(product)
    with pytest.raises(LienthongError) as caught:
        product.evidence()
    assert (caught.value.code, caught.value.where) == (code, f"cvd-risk/{where}")
    assert why in caught.value.what


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("decimals = 2", "decimals = 9", "no number of decimals"),
        ("{value}", "ninety", "other fields"),
        ("{low}", "{lower}", "other fields"),
        ('run = "run-val"', 'run = "../run"', "no text"),
        ('run = "run-val"', "", "missing"),
        ("decimals = 2", "digits = 2", "no such field"),
        ('signer = "', 'signer = "x', "names no key"),
    ],
)
def test_a_figure_that_cannot_be_meant_is_refused(old: str, new: str, why: str, product: Product) -> None:
    product.edit("card.toml", old, new)
    with pytest.raises(LienthongError, match="product-card-wrong") as caught:
        product.evidence()
    assert why in caught.value.what


def test_a_card_without_evidence_states_no_figure() -> None:
    said = catalogue.evidence("news2").to_json()
    assert said["figures"] == [] and "No signed run" in said["evidence"]["none"]["en"]
    assert "respiration" in said["evaluated_on"]["layout"]["en"]


def test_evidence_is_verified_without_the_packages_of_ai() -> None:
    code = (
        "import sys; from lienthong.products import catalogue; "
        "[catalogue.evidence(name).to_json() for name in catalogue.names()]; "
        "print({'numpy', 'scipy', 'sklearn', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()", done.stdout
