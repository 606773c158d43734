"""How every command writes: formats, the page's width, and tables of LaTeX."""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING

import pytest

from shapecalc.analysis.explain.model import Explanation
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.output.formats import FORMATS, format_for, formats_of
from shapecalc.report import Report
from shapecalc.text.safe import width_of
from shapecalc.text.shown import Shapes, Shown
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

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
    return runner().invoke(main, [*words.split(), *more], catch_exceptions=False)


def test_a_command_called_in_another_s_process_leaves_its_collector_alone() -> None:
    gc.unfreeze()
    assert run("summarize lenet5").exit_code == 0
    assert gc.get_freeze_count() == 0
    assert run("summarize lenet5 -o /nowhere/at/all.txt").exit_code == 2
    assert gc.get_freeze_count() == 0


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


@pytest.mark.parametrize(
    ("caption", "written"),
    [
        ("100% of it", r"100\% of it"),
        (r"100\% of it", r"100\% of it"),
        (r"a\\% b", r"a\\\% b"),
        ("R&D, #1", r"R\&D, \#1"),
        (r"$x^2_1$ \emph{so}~long", r"$x^2_1$ \emph{so}~long"),
    ],
)
def test_a_caption_is_latex_but_for_what_can_be_none_there(caption: str, written: str) -> None:
    result = runner().invoke(main, ["summarize", "lenet5", "-f", "latex", "--caption", caption])
    assert rf"\caption{{{written}}}\label{{" in result.stdout


@pytest.mark.parametrize("label", ["tab:50%", "a}b", r"\x", "n#1"])
def test_a_label_that_latex_would_read_otherwise_is_refused(label: str) -> None:
    result = runner().invoke(main, ["summarize", "lenet5", "-f", "latex", "--label", label])
    assert result.exit_code == 2
    assert "error[E303]: a label of LaTeX holds none of" in result.stderr


@pytest.mark.parametrize("option", ["--latex table*", "--caption x", "--label x"])
def test_words_of_latex_belong_to_latex(option: str) -> None:
    result = run("summarize lenet5 -f markdown", *option.split())
    assert result.exit_code == 2
    assert f"{option.split(maxsplit=1)[0]} belongs to LaTeX" in result.stderr
    assert "hint: add -f latex or -o FILE.tex" in result.stderr


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


#: Commands that are asked to write over a file that they read; each reads it in another way.
OVER_INPUTS = {
    "argument": "summarize net.yaml -f text -o net.yaml",
    "without suffix": "explain net conv1 -f text -o ./net.yaml",
    "second": "compare lenet5 net.yaml -f json -o net.yaml",
    "against": "homework check a1.csv --against net.yaml -f text -o net.yaml",
    "answers": "homework check a1.csv --against lenet5 -o a1.csv",
    "link": "homework check a1.csv --against lenet5 -o link.csv",
    "homework": "homework export moodle-xml --homework net.yaml -o net.yaml",
    "sheet": "homework sheet net.yaml -o net.yaml",
    "table": "tables --file net.yaml -f csv -o net.yaml",
    "picture": "sweep net.yaml --over N=32,36 --plot net.yaml",
    "weights": "run lenet5 --weights w.npz --save-weights w.npz",
    "image": "run lenet5 --image cat.png --save-activations cat.png",
}


@pytest.mark.parametrize("words", OVER_INPUTS.values(), ids=OVER_INPUTS)
def test_no_input_is_written_over(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {name: tmp_path / name for name in ("net.yaml", "a1.csv", "w.npz", "cat.png")}
    for file in files.values():
        file.write_text("input: 32x32x1\nlayers: [conv: {filters: 6, kernel: 5}]\n")
    before = files["net.yaml"].read_text()
    (tmp_path / "link.csv").symlink_to(files["a1.csv"])
    result = run(words)
    assert result.exit_code == 2
    assert "E007" in result.stderr
    path = words.rsplit(maxsplit=1)[-1]
    assert f"'{path}' cannot be written: it is the command's own input" in result.stderr
    assert [file.read_text() for file in files.values()] == [before] * len(files)
    assert len(list(tmp_path.iterdir())) == len(files) + 1


def test_a_list_of_variants_does_not_replace_the_roster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vary.yaml").write_text("spec: lenet5\nvary: {input: [28, 32]}\n")
    (tmp_path / "variants.csv").write_text("id,name\ns1,Ann Lee\n")
    result = run("homework variants vary.yaml --roster variants.csv --seed 7 -o .")
    assert result.exit_code == 2
    assert "'./variants.csv' cannot be written: it is the command's own input" in result.stderr
    assert (tmp_path / "variants.csv").read_text() == "id,name\ns1,Ann Lee\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_results_of_a_class_do_not_replace_the_roster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "s1.csv").write_text("layer,output\nconv1,28x28x6\n")
    (tmp_path / "results").mkdir()
    roster = tmp_path / "results" / "grades.csv"
    roster.write_text("id,name\ns1,Ann Lee\n")
    words = "homework grade class --roster results/grades.csv --against lenet5 -o results"
    result = run(words)
    assert result.exit_code == 2
    assert "'results/grades.csv' cannot be written: it is the command's own input" in result.stderr
    assert roster.read_text() == "id,name\ns1,Ann Lee\n"
    assert list(roster.parent.iterdir()) == [roster]


@pytest.mark.parametrize("page", ["report.md", "report.html", "feedback/s1.md"])
def test_the_pages_of_a_class_do_not_replace_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "s1.csv").write_text("layer,output\nconv1,28x28x6\n")
    roster = tmp_path / "results" / page
    roster.parent.mkdir(parents=True)
    roster.write_text("id,name\ns1,Ann Lee\n")
    words = f"homework grade class --roster results/{page} --against lenet5 -o results"
    result = run(words)
    assert result.exit_code == 2
    assert f"'results/{page}' cannot be written: it is the command's own input" in result.stderr
    assert roster.read_text() == "id,name\ns1,Ann Lee\n"
    assert list(roster.parent.iterdir()) == [roster]


def test_a_file_that_is_not_read_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.md").write_text("old")
    for _ in range(2):
        assert run("summarize lenet5 -o old.md").exit_code == 0
    assert "LeNet-5" in (tmp_path / "old.md").read_text()


@pytest.mark.parametrize("command", ["summarize lenet5", "homework sheet net.yaml", "schema"])
@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("adir", "'adir' cannot be written: Is a directory"),
        ("adir/", "'adir/' cannot be written: Is a directory"),
        ("nowhere/", "'nowhere/' cannot be written: Is a directory"),
        ("", "--output names no file: its name is empty"),
    ],
)
def test_an_output_must_be_a_file(
    command: str, path: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "adir").mkdir()
    result = run(command, "-o", path)
    assert result.exit_code == 2
    assert f"error[E007]: {message}\n" in result.stderr


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("tex", "latex"),
        ("md", "markdown"),
        ("MARKDOWN", "markdown"),
        ("Txt", "text"),
        ("htm", "html"),
        (".csv", "csv"),
        ("JSON", "json"),
        ("latx", "latex"),
    ],
)
@pytest.mark.parametrize("command", ["summarize lenet5", "explain lenet5 conv1"])
def test_a_format_is_known_by_its_suffix(command: str, word: str, meant: str) -> None:
    result = run(command, "-f", word)
    assert result.exit_code == 2
    assert f"unknown format '{word}'" in result.stderr
    assert f"hint: did you mean '{meant}'?" in result.stderr


@pytest.mark.parametrize(("word", "meant"), [("tex", "latex"), ("MD", "markdown"), ("yml", "yaml")])
def test_a_sheets_format_is_known_by_its_suffix(
    word: str, meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("homework sheet given.yaml", "-f", word)
    assert result.exit_code == 2
    assert f"hint: did you mean '{meant}'?" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("summarize lenet5 --batch x", "--batch: 'x' is not a whole number"),
        ("summarize lenet5 --batch 1.5", "--batch: '1.5' is not a whole number"),
        ("run lenet5 --seed x", "--seed: 'x' is not a whole number"),
        ("summarize lenet5 --width wide", "--width: 'wide' is not a whole number"),
        ("summarize lenet5 --width 5", "--width: 5 is not in the range 20<=x<=10000"),
    ],
)
def test_a_number_is_a_whole_number(words: str, message: str) -> None:
    result = run(words)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error[E303]: {message}\n")


#: Commands whose tables have few columns that a narrow page can do without.
WIDE = [
    *(TABLES[name] for name in TABLES if name not in ("summarize", "training")),
    "summarize lenet5 --columns all",
    "compare lenet5 lenet5-1998 --columns output,params,macs",
    "tables --only errata",
]


@pytest.mark.parametrize("command", WIDE)
def test_a_table_that_stays_wider_says_so_once(command: str) -> None:
    text = run(command, "--width", "25", "-f", "text").stdout
    words = " ".join(text.split())
    table = next(line for line in text.splitlines() if line.startswith("──"))
    assert len(table) > 25
    excess = re.findall(
        r"Wider than 25: the table takes (\d+), and nothing more can be left out\."
        r"|Left out for a width of 25: [^;]*; the table still takes (\d+);",
        words,
    )
    assert [first or second for first, second in excess] == [str(len(table))]
    assert "Left out to fit" not in words
    wide = run(command, "--width", "1000", "-f", "text").stdout
    assert "Wider than" not in wide
    assert "Left out" not in wide
    assert "Wider than" not in run(command, "-f", "text").stdout


def test_a_table_that_fits_does_not_say_that_it_is_wider() -> None:
    text = run("summarize alexnet --width 40 -f text").stdout
    assert "Left out to fit a width of 40" in text
    assert "Wider than" not in text


@pytest.mark.parametrize(
    "text",
    [
        "input: 8x8x3\nlayers: [relu]\n",
        "# mine\nname: Net\nlayers:\n  - relu\n",
        "{input: 8x8x3, layers: [relu]}\n",
        "extends: lenet5\n",
        "spec: lenet5\nvary: {input: [28, 32]}\n",
        "input: 8x8x3\nlayers: [relu\n",
    ],
)
@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_a_spec_that_is_not_read_is_not_replaced(tmp_path: Path, text: str, suffix: str) -> None:
    file = tmp_path / f"other.{suffix}"
    file.write_text(text, encoding="utf-8")
    words = (
        f"summarize lenet5 -f csv -o {file}",
        f"homework sheet --against lenet5 -o {file}",
        f"sweep lenet5 --over N=32,36 -f json -o {file}",
    )
    for command in words:
        result = run(command)
        assert result.exit_code == 2
        assert "E007" in result.stderr
        assert "is a spec, which would be lost" in result.stderr
        assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("text", ["conv1:\n  output: 8\n", "", "a: [", "\x00\xff"])
def test_other_files_of_yaml_are_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.yaml"
    for _ in range(2):
        assert run(f"summarize lenet5 -f json -o {file}").exit_code == 0
    file.write_text(text, encoding="latin-1")
    assert run(f"summarize lenet5 -f csv -o {file}").exit_code == 0


#: Other commands, whose texts are no results.
OTHERS = ["layers", "layers conv", "profiles", "errors E204", "specs", "--help", "summarize -h"]


@pytest.mark.parametrize("words", [*WRITTEN.values(), *OTHERS, "summarize nowhere"])
def test_what_is_piped_has_no_orders_for_a_terminal(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    result = run(words)
    assert result.output
    assert "\x1b" not in result.output
