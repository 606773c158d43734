"""How every command writes: formats, the page's width, and tables of LaTeX."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from shapecalc.analysis.explain.model import Explanation
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.output.formats import FORMATS, format_for, formats_of
from shapecalc.report.model import Report
from shapecalc.text.safe import width_of
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from pathlib import Path

#: Commands that write results, with words for each.
TABLES = {
    "summarize": "summarize googlenet",
    "compare": "compare alexnet alexnet-2012",
    "sweep": "sweep lenet5 --over N=32:40:4",
    "training": "training alexnet",
    "reconcile": "reconcile lenet5 torchinfo fvcore",
    "target": "reconcile alexnet-owt --target 714682664",
    "tables": "tables",
    "verify": "verify lenet5",
    "run": "run lenet5",
}
WRITTEN = {**TABLES, "explain": "explain lenet5 conv1", "solve": "solve --conv 32->28"}


def run(words: str, *more: str) -> Result:
    return CliRunner().invoke(main, [*words.split(), *more], catch_exceptions=False)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_as_wide_as_it_is_told(name: str) -> None:
    narrow = run(WRITTEN[name], "--width", "90").stdout
    assert narrow
    if name not in ("sweep", "verify", "run"):  # their columns were asked for, or are few
        assert max(map(width_of, narrow.splitlines())) <= 90
    prose = [line for line in narrow.splitlines() if re.search(r"[a-z] [a-z]", line)]
    assert max(map(width_of, prose)) <= 100


@pytest.mark.parametrize(("format_", "wide"), [("text", 60), ("markdown", 60), ("latex", 60)])
def test_a_narrow_page_says_what_it_leaves_out(format_: str, wide: int) -> None:
    text = run("summarize alexnet", "-f", format_, "--width", str(wide)).stdout
    assert "Left out to fit a width of 60" in " ".join(text.split())
    assert "Left out" not in run("summarize alexnet", "-f", format_, "--width", "200").stdout


@pytest.mark.parametrize("format_", ["csv", "json"])
def test_what_has_no_page_has_no_width(format_: str) -> None:
    result = run("summarize lenet5", "-f", format_, "--width", "60")
    assert result.exit_code == 2
    assert f"--width is that of a page, and {format_} has none" in result.stderr


@pytest.mark.parametrize("name", WRITTEN)
def test_lines_are_written_by_every_command(name: str) -> None:
    result = run(WRITTEN[name], "-f", "csv")
    header, *lines = result.stdout.splitlines()
    assert header.count(",") > 1
    assert lines


@pytest.mark.parametrize("environment", ["table", "table*", "longtable"])
@pytest.mark.parametrize("name", TABLES)
def test_the_environment_of_a_table_can_be_chosen(name: str, environment: str) -> None:
    words = (
        "-f",
        "latex",
        "--latex",
        environment,
        "--caption",
        r"Costs, in $10^6$",
        "--label",
        "t:1",
    )
    text = run(TABLES[name], *words).stdout
    assert r"\caption{Costs, in $10^6$}\label{t:1}" in text
    assert rf"\begin{{{environment}}}" in text
    assert rf"\end{{{environment}}}" in text
    for other in {"table", "table*", "longtable"} - {environment}:
        assert rf"\begin{{{other}}}" not in text
    needs = "booktabs,longtable" if environment == "longtable" else "booktabs"
    assert rf"\usepackage{{{needs}}}" in text.splitlines()[0]


def test_without_words_a_long_table_runs_over_pages() -> None:
    assert r"\begin{table}" in run("summarize alexnet -f latex").stdout
    assert r"\begin{longtable}" in run("summarize googlenet -f latex --depth all").stdout
    assert (
        r"\begin{table*}" in run("summarize googlenet -f latex --depth all --latex table*").stdout
    )


@pytest.mark.parametrize("option", ["--latex table*", "--caption x", "--label x"])
def test_words_of_latex_belong_to_latex(option: str) -> None:
    result = run("summarize lenet5 -f markdown", *option.split())
    assert result.exit_code == 2
    assert (
        f"{option.split(maxsplit=1)[0]} belongs to LaTeX: add -f latex or -o FILE.tex"
        in result.stderr
    )


def test_a_file_of_latex_is_latex(tmp_path: Path) -> None:
    path = tmp_path / "net.tex"
    assert run("summarize lenet5", "-o", str(path), "--label", "tab:net").exit_code == 0
    assert r"\label{tab:net}" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", WRITTEN)
def test_help_lists_the_formats_that_there_are(name: str) -> None:
    command = WRITTEN[name].split()[0]
    kind = Explanation if name in ("explain", "solve") else Report
    *names, last = formats_of(kind)
    text = " ".join(run(f"{command} --help").stdout.split())
    assert f"{', '.join(names)} or {last}. Default: terminal" in text
    assert (
        " ".join(FORMATS[each].suffixes[0] for each in (*names, last) if each != "terminal") in text
    )


class Bare(Shown):
    """A result of which there is nothing but a table."""

    shapes = Shapes("a bare result", table="output.report_table.tabulate")


def test_a_format_that_takes_no_shape_of_a_result_is_refused_with_those_that_do() -> None:
    for name, path, word in (("csv", None, "--format csv"), (None, "a.json", "--output a.json")):
        with pytest.raises(SpecErrors) as refused:
            format_for(name, path, of=Bare)
        (problem,) = refused.value.problems
        assert problem.code == "E302"
        assert problem.message.startswith("a bare result cannot be written as ")
        assert problem.origin is not None
        assert problem.origin.source.name == word
        assert problem.hint == "one of terminal, text, markdown, latex, html"
    with pytest.raises(SpecErrors, match="a bare result cannot be written as csv"):
        Bare().render("csv")
