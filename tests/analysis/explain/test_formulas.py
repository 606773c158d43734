"""Formulas in LaTeX and MathML: that they come to the number, `support.ends_rightly` computes."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from shapecalc import explain
from shapecalc.output.formulas import latex, tree_of_text
from tests.analysis.explain.support import from_latex, from_mathml, report, value_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("4096*(512*floor(H/32)*floor(W/32) + 1)", r"4096 \cdot \left(512 \cdot \left\lfloor \frac{H}{32}\right\rfloor \cdot \left\lfloor \frac{W}{32}\right\rfloor + 1\right)"),
        ("99k^2 + 1,213,000k - 361", r"99{k}^{2} + 1{,}213{,}000k - 361"),
        ("-3*(h32 - 6)^2", r"-3 \cdot {(h_{32} - 6)}^{2}"),
        ("min(floor((n1 - 1)/2), width)", r"\min\left(\left\lfloor \frac{n_{1} - 1}{2}\right\rfloor, \text{width}\right)"),
        ("max(1, 2,000)", r"\max(1, 2000)"),
        ("lambda + 1", r"\text{lambda + 1}"),
    ],
)  # fmt: skip
def test_expressions_are_set_as_they_are_written(text: str, code: str) -> None:
    assert latex(tree_of_text(text)) == code


def test_reading_formulas_back_bites() -> None:
    assert value_of(from_latex(r"53\frac{1}{3} - \left\lfloor \frac{7}{2}\right\rfloor")) == Fraction(151, 3)  # fmt: skip
    page = "<math><mn>2</mn><msup><mi>k</mi><mn>2</mn></msup><mo>\u2212</mo><mfrac><mn>1,000</mn><mn>3</mn></mfrac></math>"
    assert value_of(from_mathml(ET.fromstring(page)), {"k": 5}) == 50 - Fraction(1000, 3)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="LaTeX is not installed")
@pytest.mark.parametrize(
    ("name", "layer", "of", "options"),
    [
        ("alexnet", "conv1", "output,params,macs,memory,receptive-field,gradient,what-if", {}),
        ("vgg16", "fc6", None, {"input": "HxWx3"}),
        ("googlenet", "inception_3a", None, {}),
        ("resnet50", None, "output,macs", {}),
        ("unet", None, "params", {"input": "HxWx1"}),
        ("lenet5-1998", "S2", None, {}),
    ],
)
def test_latex_compiles_and_stays_on_the_page(
    tmp_path: Path, name: str, layer: str | None, of: str | None, options: dict[str, str]
) -> None:
    text = explain(report(name, **options), layer, of).render("latex")
    (tmp_path / "made.tex").write_text(text, encoding="utf-8")
    for _ in range(2):  # long tables find their widths in the second run
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "made.tex"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        log = done.stdout.decode(errors="replace")
        assert done.returncode == 0, log[-2000:]
    assert [line for line in log.splitlines() if line.startswith("Overfull")] == []
