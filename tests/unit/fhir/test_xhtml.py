"""What a narrative's XHTML may hold (FHIR R4 narrative.html, txt-1 and txt-2)."""

from __future__ import annotations

import pytest

from lienthong.fhir.xhtml import faults, is_safe

DIV = '<div xmlns="http://www.w3.org/1999/xhtml"{}>{}</div>'


@pytest.mark.parametrize(
    "content",
    [
        "Nguyễn Văn An",
        '<p class="x" style="color:red" xml:lang="vi">a<br/><b>b</b> &lt; &#160;</p>',
        '<table border="1"><thead><tr><th colspan="2" scope="col">a</th></tr></thead></table>',
        '<a href="#x" name="y">a</a><img src="data:image/png;base64,AA==" alt=""/>',
        "<!-- a remark --><ul><li>a</li></ul>",
        '<img src="#x" alt="only an image"/>',
    ],
)
def test_what_is_allowed(content: str) -> None:
    assert list(faults(DIV.format("", content))) == []
    assert is_safe(DIV.format(' id="d"', content))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (DIV.format("", "<script>alert(1)</script>"), "the element script is not allowed"),
        (DIV.format("", "<iframe>a</iframe>"), "the element iframe is not allowed"),
        (DIV.format("", "<form>a</form>"), "the element form is not allowed"),
        (DIV.format("", '<p onclick="x()">a</p>'), "the attribute onclick of p is not allowed"),
        (DIV.format("", '<p src="x">a</p>'), "the attribute src of p is not allowed"),
        (DIV.format("", '<a href=" java\nscript:x()">a</a>'), "the attribute href of a runs a script"),
        (DIV.format("", '<svg xmlns="http://www.w3.org/2000/svg">a</svg>'), "the element svg is not allowed"),
        (DIV.format("", "<?php x ?>a"), "it has a processing instruction"),
        (DIV.format("", "&nbsp;"), "it is not well-formed XML"),
        (DIV.format("", "<p>"), "it is not well-formed XML"),
        (DIV.format("", "  <p> </p>"), "it has neither text nor an image"),
        ("<div>a</div>", "its outermost element is not a div in the namespace http://www.w3.org/1999/xhtml"),
        ('<p xmlns="http://www.w3.org/1999/xhtml">a</p>', "its outermost element is not a div in the namespace"),
        ('<!DOCTYPE d [<!ENTITY e "x">]>' + DIV.format("", "&e;"), "it declares a document type or entities"),
        ("<div>" * 5000, "it is not well-formed XML"),
        ("", "it is not well-formed XML"),
    ],
)
def test_what_is_not(text: str, why: str) -> None:
    found = list(faults(text))
    assert any(item.startswith(why) for item in found), found
    assert not is_safe(text)
