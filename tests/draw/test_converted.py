"""PNG and PDF: of the drawing's size, texts as texts, the same bytes each time."""

from __future__ import annotations

import io

import pytest

from shapecalc.draw import converted
from shapecalc.draw.converted import to_pdf, to_png
from shapecalc.draw.picture import Drawing, Text
from shapecalc.draw.volumes import volumes
from shapecalc.errors import SpecErrors
from tests.draw.test_svg import HOSTILE
from tests.draw.test_volumes import report

WRITERS = {"png": to_png, "pdf": to_pdf}


@pytest.fixture
def typst():
    return pytest.importorskip("typst", reason="the extra `draw` is not installed")


def test_a_png_has_two_pixels_for_each(typst):
    image = pytest.importorskip("PIL.Image")
    drawing = volumes(report("lenet5"))
    made = image.open(io.BytesIO(to_png(drawing)))
    assert made.format == "PNG"
    assert made.size == pytest.approx((2 * drawing.width, 2 * drawing.height), abs=2)
    assert made.convert("RGB").getpixel((3, 3)) == (255, 255, 255)
    dark = image.open(io.BytesIO(to_png(drawing, "dark")))
    assert dark.convert("RGB").getpixel((3, 3)) == (0x12, 0x17, 0x1D)


def test_a_pdf_has_the_texts_on_a_page_of_the_size(typst):
    pypdf = pytest.importorskip("pypdf")
    drawing = volumes(report("lenet5"))
    made = pypdf.PdfReader(io.BytesIO(to_pdf(drawing)))
    (page,) = made.pages
    size = float(page.mediabox.width), float(page.mediabox.height)
    assert size == pytest.approx((0.75 * drawing.width, 0.75 * drawing.height), abs=0.1)
    text = page.extract_text()
    for shape in drawing.children:
        if isinstance(shape, Text):
            assert "".join(shape.text.split()) in "".join(text.split())
    assert made.metadata.title == drawing.title


@pytest.mark.parametrize("format_", WRITERS)
def test_the_same_drawing_gives_the_same_bytes(typst, format_):
    drawing = volumes(report("lenet5"))
    assert WRITERS[format_](drawing) == WRITERS[format_](drawing)


@pytest.mark.parametrize("text", [*HOSTILE, '#panic("x")', "\\u{41}"])
def test_a_text_is_only_a_text(typst, text):
    pypdf = pytest.importorskip("pypdf")
    made = to_pdf(Drawing(300, 40, text, text, (Text(4, 20, text), Text(4, 38, "conv1"))))
    (page,) = pypdf.PdfReader(io.BytesIO(made)).pages
    assert "conv1" in "".join(page.extract_text().split())  # readers part letters as they like


@pytest.mark.parametrize("format_", WRITERS)
def test_without_the_extra_it_is_named(monkeypatch, format_):
    monkeypatch.setattr(converted, "find_spec", lambda _: None)
    with pytest.raises(SpecErrors) as error:
        WRITERS[format_](volumes(report("lenet5")))
    (problem,) = error.value.problems
    assert problem.code == "E354"
    assert problem.message == f"a picture as {format_} needs typst, which is not installed"
    assert "shapecalc-convnets[draw]" in problem.hint
