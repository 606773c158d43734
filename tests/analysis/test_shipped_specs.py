"""`shapecalc specs`: what every shipped network holds and costs."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.analysis.shipped_specs import COLUMNS, shipped_specs
from shapecalc.cli import main
from shapecalc.output.formats import FORMATS
from shapecalc.spec.find import shipped
from tests.paths import SPECS
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

#: Typed from reference/published.md: input, parameters, MACs and year.
KNOWN = {
    "alexnet": ("227x227x3", 62378344, 1135256096, "2012"),
    "vgg16": ("224x224x3", 138357544, 15470264320, "2014"),
    "googlenet": ("224x224x3", 6998552, 1582671872, "2014"),
    "lenet5": ("32x32x1", 61706, 416520, "1998"),
    "padding-same": ("13x1", 6, 18, ""),
    "course-pattern": ("32x32x3", 451402, 63375872, ""),
}


def run(*words: str) -> str:
    result = runner().invoke(main, ["specs", *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def lines_of(text: str) -> dict[str, dict[str, str]]:
    return {row["name"]: row for row in csv.DictReader(StringIO(text))}


def test_a_line_a_spec_with_its_numbers() -> None:
    rows = lines_of(run("-f", "csv"))
    assert tuple(rows) == shipped()
    for name, (shape, params, macs, year) in KNOWN.items():
        row = rows[name]
        assert (row["input"], row["params"], row["macs"], row["year"]) == (
            shape, str(params), str(macs), year,
        )  # fmt: skip


@pytest.mark.parametrize("name", shipped())
def test_the_numbers_are_those_of_a_summary(name: str) -> None:
    (spec,) = (spec for spec in shipped_specs().specs if spec.name == name)
    totals = summarize(name).totals
    assert (spec.report.totals.params, spec.report.totals.macs) == (totals.params, totals.macs)
    assert spec.authors
    assert str(spec.year) not in spec.authors


def test_json_has_the_story_and_the_whole_source() -> None:
    data = json.loads(run("-f", "json"))
    assert data["schema"] == "shapecalc.specs/1"
    by_name = {spec["name"]: spec for spec in data["specs"]}
    assert tuple(by_name["zfnet"]) == COLUMNS
    assert by_name["zfnet"]["year"] == 2013
    assert by_name["mnist-cnn"]["year"] is None
    assert "Visualizing and Understanding" in by_name["zfnet"]["source"]
    assert by_name["zfnet"]["note"].startswith("AlexNet after a look")


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_every_format_takes_the_list(format_: str) -> None:
    text = shipped_specs().render(format_)
    assert "alexnet-2012" in text
    assert text.endswith("\n")


def test_a_narrow_page_leaves_the_sources_out_and_says_so() -> None:
    wide, narrow = run("--width", "120"), run("--width", "80")
    assert "Krizhevsky, Sutskever, Hinton" in wide
    assert "Krizhevsky" not in narrow
    assert "Left out to fit a width of 80: source" in narrow
    assert max(map(len, narrow.splitlines())) <= 80


def test_units_are_those_of_the_header() -> None:
    text = run("--units", "G")
    assert "MACs (G)" in text
    assert "15.47" in text
    assert "G       1,000,000,000" in text


def test_columns_may_have_units_of_their_own() -> None:
    text = run("--units", "auto")
    header = next(line for line in text.splitlines() if line.startswith("spec "))
    assert re.findall(r"\((\w)\)", header) == ["M", "G"]
    rows = {line.split("  ")[0].strip(): line.split() for line in text.splitlines()}
    assert rows["vgg16"][2:4] == ["138.36", "15.47"]


def test_subsampling_counts_as_the_legend_says() -> None:
    assert "and 1 per output of subsampling" in " ".join(run().split())  # lenet5-1998 has it


def test_names_alone_are_for_scripts(tmp_path: Path) -> None:
    assert run("--names").split() == list(shipped())
    copy = tmp_path / "mine.yaml"
    run("zfnet", "-o", str(copy))
    assert copy.read_text(encoding="utf-8") == (SPECS / "zfnet.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words", [["zfnet", "-f", "csv"], ["--names", "--units", "M"], ["zfnet", "--names"]]
)
def test_a_text_takes_no_options_of_the_list(words: list[str]) -> None:
    result = runner().invoke(main, ["specs", *words])
    assert result.exit_code == 2
    assert "takes no other option than --output" in result.stderr
