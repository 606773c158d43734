"""LaTeX of a drawing: it compiles, is edited by names and colours, and texts are only texts."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from shapecalc.draw.graph.scene import graph
from shapecalc.draw.picture import Box, Cluster, Drawing, Text
from shapecalc.draw.styles import STYLES
from shapecalc.draw.tikz import MOST, to_tikz
from shapecalc.draw.volumes import volumes
from shapecalc.errors import SpecErrors
from shapecalc.output.latex import is_latin
from tests.draw.test_svg import HOSTILE, SHAPES, drawing
from tests.draw.test_volumes import report


def has_tikz() -> bool:
    find = shutil.which("kpsewhich")
    if not find or not shutil.which("pdflatex"):
        return False
    return subprocess.run([find, "tikz.sty"], capture_output=True, check=False).returncode == 0


needs_tikz = pytest.mark.skipif(not has_tikz(), reason="LaTeX with TikZ is not installed")


def test_every_shape_is_drawn():
    text = to_tikz(drawing(*SHAPES))
    page = text[text.index(r"\begin{tikzpicture}") :]
    assert page.count(r"\node[net-conv") == 1
    assert page.count(r"\path[net-pool]") == 1
    assert ".. controls (35,7) and (36,9) .. (40,9);" in page
    assert page.count("-{Stealth") == 1
    assert page.count("rotate=90") == 1
    assert len(re.findall(r"anchor=base( west| east)?\b", page)) == 3


def test_named_shapes_are_nodes_of_their_names():
    text = to_tikz(volumes(report("googlenet-linked")))
    names = re.findall(r"\\node\[net-[^\]]*\] \(([^)]*)\) at", text)
    assert len(names) == len(set(names))
    assert {"input", "conv1", "pool1"} <= set(names)
    assert all(re.fullmatch(r"[\w/-]+", name) for name in names)


def test_names_that_tikz_cannot_have_stay_apart():
    made = to_tikz(drawing(Box(0, 0, 9, 9, "conv", "a.b"), Box(9, 0, 9, 9, "conv", "a:b")))
    assert re.findall(r"\\node\[[^\]]*\] \(([^)]*)\) at", made) == ["a-b", "a-b-2"]


def test_colours_are_defined_once_and_all_that_are_used():
    text = to_tikz(volumes(report("unet")))
    defined = re.findall(r"\\definecolor\{([\w-]+)\}\{HTML\}\{[0-9A-F]{6}\}", text)
    assert len(defined) == len(set(defined))
    used = set(re.findall(r"(?:fill|draw|text)=([\w-]+)", text))
    assert used <= set(defined)
    styles = re.findall(r"net-([\w-]+)/\.style", text)
    assert set(re.findall(r"\[net-([\w-]+)", text)) <= set(styles)
    assert set(styles) <= set(STYLES)


def test_dark_has_other_colours():
    light, dark = (to_tikz(drawing(*SHAPES), scheme) for scheme in ("light", "dark"))
    assert r"\definecolor{paper-fill}{HTML}{FFFFFF}" in light
    assert r"\definecolor{paper-fill}{HTML}{12171D}" in dark


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_gives_no_command(text):
    shape = Cluster((Text(0, 9, text), Box(0, 0, 9, 9, "conv", text, text)), text, text)
    made = to_tikz(Drawing(120, 40, text, text, (shape,)))
    plain = to_tikz(Drawing(120, 40, "a", "a", (Text(0, 9, "a"), Box(0, 0, 9, 9, "conv", "a"))))

    def commands(made: str) -> set[str]:
        own = ("%", r"\providecommand")
        lines = [line for line in made.splitlines() if not line.startswith(own)]
        return set(re.findall(r"\\([a-zA-Z]+)", "\n".join(lines)))

    escapes = {"textless", "textgreater", "textbackslash", "textasciicircum"}
    escapes |= {"otherletter", "tiny"}
    assert commands(made) - escapes == commands(plain)


def test_letters_that_pdflatex_has_not_are_told():
    assert "need LuaLaTeX or XeLaTeX" in to_tikz(drawing(Text(0, 9, "\u05d0")))
    assert "LuaLaTeX" not in to_tikz(drawing(Text(0, 9, "3\N{MULTIPLICATION SIGN}3")))


def test_what_is_longer_than_any_length_of_tex_is_refused():
    made = drawing(*SHAPES)._replace(height=MOST / 0.75)
    assert f"paperheight={MOST}.01bp" in to_tikz(made)
    with pytest.raises(SpecErrors, match="at most 16,300 bp long, not 16,301"):
        to_tikz(made._replace(height=(MOST + 1) / 0.75))


@needs_tikz
@pytest.mark.parametrize(("draw", "name"), [(volumes, "unet"), (graph, "alphago")])
def test_it_compiles_to_one_page_of_the_drawings_size(tmp_path, draw, name):
    pypdf = pytest.importorskip("pypdf")
    figure = draw(report(name))
    hostile = [text for text in HOSTILE if is_latin(text.replace("\n", " "))]
    texts = [Text(9, 9 + 12 * at, text) for at, text in enumerate(hostile)]
    made = figure._replace(children=(*figure.children, *texts))
    (tmp_path / "made.tex").write_text(to_tikz(made), encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "made.tex"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull" not in done.stdout
    (page,) = pypdf.PdfReader(tmp_path / "made.pdf").pages
    assert float(page.mediabox.width) == pytest.approx(made.width * 0.75, abs=0.5)
    assert float(page.mediabox.height) == pytest.approx(made.height * 0.75, abs=0.5)
