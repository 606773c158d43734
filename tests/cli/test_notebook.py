"""`%%homework`, by a shell that has what of IPython's is called; the real one is in tests/oracle."""

from __future__ import annotations

import subprocess
import sys

import pytest

import shapecalc
from tests.paths import ROOT

TABLE = "layer,output,params\nconv1,55x55x96,34848\npool1,27x27x96,0\n"
HOMEWORK = "title: Two rows\nspec: alexnet\nlayers: [conv1, pool1]\ncolumns: [output, params]\n"


class Shell:
    """A notebook's shell: the magic words that it knows."""

    def __init__(self) -> None:
        self.words = {}

    def register_magic_function(self, func, magic_kind, magic_name) -> None:
        self.words[magic_name] = (magic_kind, func)


@pytest.fixture
def homework():
    shell = Shell()
    shapecalc.load_ipython_extension(shell)
    ((name, (kind, func)),) = shell.words.items()
    assert (name, kind) == ("homework", "line_cell")
    return func


def test_a_cell_is_judged_by_a_teachers_file(homework, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two rows.yaml").write_text(HOMEWORK)
    shown = homework("'two rows.yaml'", TABLE)
    assert (shown.checked.marks, shown.checked.out_of) == (3, 4)
    assert shown.checked.source == "pasted table"
    assert "<table" in shown._repr_html_()
    assert "<html" not in shown._repr_html_()
    assert repr(shown).startswith("Two rows\n3 of 4 cells are right; 1 wrong.\n")
    assert not repr(shown).endswith("\n")
    assert "| layer" in shown._repr_markdown_()


def test_a_cell_is_judged_against_a_network(homework) -> None:
    assert homework("--against lenet5", "layer,params\nconv1,156\n").checked.marks == 1
    text = "layer,output\nconv1,32x32x6\n"
    assert homework("--against lenet5 --input 36x36x1", text).checked.marks == 1


def test_as_much_is_told_as_was_asked_for(homework) -> None:
    brief, usual, full = (repr(homework(f"--against alexnet {words}", TABLE)) for words in ("--hint 1", "", "--hint 3"))  # fmt: skip
    assert "biases" not in brief.partition("marks  ")[2].partition("params  ")[0]
    assert "The biases were forgotten" in usual
    assert "the rule is 11*11*3*96 + 96" not in usual
    assert "the rule is 11*11*3*96 + 96" in full
    for shown in (brief, usual):
        assert "34,944" not in shown
    solved = homework("--against alexnet --solution", TABLE)
    for text in (repr(solved), solved._repr_html_(), solved._repr_markdown_()):
        assert "34,944" in text


def test_a_variant_is_that_of_the_student(homework, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "homework.yaml").write_text(HOMEWORK + "vary: {input: 195:275:8}\nwindows: any\n")
    shown = homework("homework.yaml --variant s1 --seed 7", TABLE)
    assert shown.checked.homework.variation


@pytest.mark.parametrize(
    ("line", "cell", "message"),
    [
        ("", TABLE, "error[E706]: nothing says what the answers are about"),
        ("a.yaml --against alexnet", TABLE, "error[E706]: FILE and --against both say"),
        ("a.yaml", TABLE, "error[E001]: there is no file 'a.yaml'"),
        ("--against nonet", TABLE, "error[E001]: there is no file 'nonet'"),
        ("--against alexnet", "hello", "error[E701]: no row names the columns"),
        (
            "--against alexnet",
            "layer,output\nlayer9,3x3x3\n",
            "error[E704]: no row of the table is a layer",
        ),
        ("--against alexnet --hnit 3", TABLE, "error[E321]: there is no option '--hnit'"),
        ("--against alexnet --hint 4", TABLE, "error[E303]: --hint: 4 is not in the range"),
        ("--against", TABLE, "error[E322]: a value for --against is missing"),
        ("a.yaml b.yaml", TABLE, "error[E323]: there is no place for 'b.yaml'"),
        ("a.yaml --seed 7 'b", TABLE, "error[E323]: a quote has no other end"),
        ("--against alexnet --seed 7", TABLE, "error[E706]: --variants, --variant and --seed are"),
    ],
)
def test_wrong_use_is_a_short_message(homework, capsys, line, cell, message) -> None:
    assert homework(line, cell) is None
    out, err = capsys.readouterr()
    assert out.startswith(message)
    assert err == ""
    assert len(out.splitlines()) <= 5
    assert "shapecalc --help" not in out


def test_a_line_alone_is_answered_with_the_help(homework, capsys) -> None:
    assert homework("--hint 3") is None
    out = capsys.readouterr().out
    assert out.startswith("Usage: %%homework [OPTIONS] [FILE]\n")
    assert "--against" in out


def test_errors_of_the_library_are_shown_without_a_traceback() -> None:
    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.check(5, against="alexnet")
    assert caught.value._render_traceback_() == [
        "error[E701]: a value of the type int holds no answers",
        "  --> int",
        "  hint: name a path, a data frame, a dict like {'conv1': {'params': 34944}}, a list of"
        " dicts with a 'layer' each, or a table as text",
    ]


def test_a_check_shows_all_of_itself_where_only_texts_are_shown() -> None:
    class Printer:
        shown = ""

        def text(self, obj: str) -> None:
            self.shown += obj

    printer = Printer()
    checked = shapecalc.check(TABLE, against="alexnet")
    checked._repr_pretty_(printer, False)
    assert printer.shown + "\n" == checked.render("text")


def test_neither_ipython_nor_pandas_is_imported() -> None:
    program = (
        "import sys, shapecalc\n"
        "class Shell:\n"
        "    def register_magic_function(self, func, magic_kind, magic_name):\n"
        f"        func('--against alexnet', {TABLE!r})._repr_html_()\n"
        "shapecalc.load_ipython_extension(Shell())\n"
        "assert not {'IPython', 'pandas', 'polars', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)
