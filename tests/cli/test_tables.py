"""`shapecalc tables` as a user meets it: outputs, exit codes, tables of one's own."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from shapecalc.analysis import tables as published
from shapecalc.analysis.tables.read import read_table
from shapecalc.cli import main
from shapecalc.spec.find import find_table
from shapecalc.text import line_and_column
from tests.runner import runner

if TYPE_CHECKING:
    from click.testing import Result

MINE = """\
table: My table
source: my thesis, page 7
spec: net.yaml
conventions:
  parameters: {count: params, K: 1000, rounding: nearest}
columns: {size: output, params: parameters}
rows:
  conv1: [4x5x3, "153"]
  total: [~, 0.2K]
"""
NET = "input: 8x9x2\nlayers:\n  - conv: {filters: 3, kernel: 5}\n  - relu\n"


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, ["tables", *words], input=text, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table and its network, whose 5 x 5 x 2 x 3 + 3 parameters are 153."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(MINE, encoding="utf-8")
    Path("net.yaml").write_text(NET, encoding="utf-8")
    return tmp_path


def test_all_tables_have_a_line_and_the_summary_says_the_five_numbers() -> None:
    result = run()
    assert result.exit_code == 0
    for name in published.names():
        assert f"\n{name} " in result.stdout
    total = [
        sum(each) for each in zip(*(c.counts for c in published.published_tables()), strict=True)
    ]
    words = (
        "{0:,} cells compared: {1:,} matched, {4} mismatches\n"
        "{2} errata explained, {3} errata unexplained\n"
    )
    assert result.stdout.endswith(words.format(*total))


@pytest.mark.parametrize("name", published.names())
def test_every_table_holds(name: str) -> None:
    result = run(name, "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [each["name"] for each in json.loads(result.stdout)["tables"]] == [name]


@pytest.mark.parametrize("name", ["googlenet", "googlenet.yaml"])
def test_a_table_is_found_with_and_without_suffix(name: str) -> None:
    assert run(name).stdout.startswith("GoogLeNet, Table 1\n")


def test_against_another_network_exits_1_where_that_differs() -> None:
    result = run("googlenet", "--against", "googlenet-as-trained")
    assert result.exit_code == 1
    assert "12/12" in result.stdout
    assert "204" in result.stdout
    assert run("vgg-table2", "--against", "vgg16").exit_code == 2
    assert run("--against", "vgg16").exit_code == 2


@pytest.mark.parametrize(
    ("only", "cells"),
    [("errata", 12), ("erratum", 12), ("ERRATA", 12), ("match", 132), ("mismatch", 0)],
)
def test_only(only: str, cells: int) -> None:
    data = json.loads(run("googlenet", "--only", only, "--format", "json").stdout)
    assert len(data["tables"][0]["cells_detail"]) == cells
    assert f"{cells} of 144" in run("googlenet", "--only", only).stdout


def test_the_suffix_of_the_file_decides_the_format(folder: Path) -> None:
    for suffix, begin in (
        (".md", "**"),
        (".csv", "table,"),
        (".json", "{"),
        (".tex", "%"),
        (".html", "<!"),
    ):
        assert run("lenet5", "-o", f"table{suffix}").exit_code == 0
        assert Path(f"table{suffix}").read_text(encoding="utf-8").startswith(begin)
    assert run("lenet5", "-o", "table.doc").exit_code == 2


# -- tables of one's own ---------------------------------------------------------------------------


def test_a_table_of_ones_own_with_its_network_beside_it(folder: Path) -> None:
    result = run("--file", "mine.yaml")
    assert result.exit_code == 0
    assert "3 cells compared: 3 matched" in result.stdout
    data = json.loads(run("--file", "mine.yaml", "--format", "json").stdout)
    assert data["tables"][0]["name"] == "mine"
    assert data["tables"][0]["cells_detail"][2] == {
        "row": "total",
        "column": "params",
        "quantity": "parameters",
        "printed": "0.2K",
        "computed": 153,
        "computed_text": "0.153K",
        "status": "match",
        "explained": None,
        "account": None,
        "under": None,
        "recomputed": None,
    }


def test_the_network_is_looked_up_beside_the_table_from_anywhere(folder: Path) -> None:
    Path("elsewhere").mkdir()
    Path("elsewhere/mine.yaml").write_text(MINE, encoding="utf-8")
    assert "there is no file 'net.yaml'" in run("--file", "elsewhere/mine.yaml").stderr
    Path("elsewhere/net.yaml").write_text(NET.replace("3,", "4,"), encoding="utf-8")
    assert run("--file", "elsewhere/mine.yaml").exit_code == 1


def test_a_table_from_standard_input_with_a_shipped_network(folder: Path) -> None:
    text = MINE.replace("net.yaml", "lenet5").replace("4x5x3", "28x28x6").replace("153", "156")
    result = run("--file", "-", text=text.replace("0.2K", "61.7K"))
    assert (result.exit_code, result.stderr) == (0, "")


def test_a_mismatch_exits_1_and_says_what_comes_out(folder: Path) -> None:
    Path("mine.yaml").write_text(MINE.replace('"153"', '"150"'), encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 1
    assert "MISMATCH: 153 comes out (weights + biases; K = 1,000; rounded)" in result.stdout
    assert "153 ¹!" in result.stdout
    (cell,) = json.loads(run("--file", "mine.yaml", "-f", "json", "--only", "mismatch").stdout)[
        "tables"
    ][0]["cells_detail"]
    assert (cell["status"], cell["printed"], cell["computed"]) == ("MISMATCH", "150", 153)


def test_a_mismatch_is_written_to_a_file_all_the_same(folder: Path) -> None:
    Path("mine.yaml").write_text(MINE.replace("4x5x3", "4x5x4"), encoding="utf-8")
    assert run("--file", "mine.yaml", "-o", "mine.md").exit_code == 1
    assert "MISMATCH" in Path("mine.md").read_text(encoding="utf-8")


def test_name_and_file_exclude_each_other(folder: Path) -> None:
    result = run("lenet5", "--file", "mine.yaml")
    assert result.exit_code == 2
    assert "--file" in result.stderr


def test_what_is_wrong_with_the_network_is_told_as_ever(folder: Path) -> None:
    Path("net.yaml").write_text(NET.replace("kernel: 5", "kernel: 50"), encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 2
    assert "error[E204]: conv1: a 50-high window" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", published.names())
def test_another_cell_in_the_file_exits_1(name: str, folder: Path) -> None:
    source = find_table(name)
    table = read_table(source, name)
    place = next(where for where in table.cells if where not in table.errata)
    cell = table.cells[place]
    lines = source.text.splitlines(keepends=True)
    number, column = line_and_column(cell.start)
    line = lines[number]
    wrong = line[:column] + "12345" + line[line_and_column(cell.start + cell.length)[1] :]
    wrong = wrong.replace("12345", "max pool" if "conv" in cell.text else '"12345"')
    lines[number] = wrong
    Path("altered.yaml").write_text("".join(lines), encoding="utf-8")
    assert run("--file", "altered.yaml").exit_code == 1
    Path("same.yaml").write_text(source.text, encoding="utf-8")
    assert run("--file", "same.yaml").exit_code == 0


def test_a_stale_erratum_in_the_file_exits_1(folder: Path) -> None:
    text = (
        MINE
        + "errata:\n  - {row: conv1, column: params, account: a slip, convention: {count: weights}}\n"
    )
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 1
    assert "its erratum is stale" in result.stdout


def test_an_erratum_without_network_or_convention_states_its_texts(folder: Path) -> None:
    wrong = (
        MINE.replace('"153"', '"150"') + "errata:\n  - {row: conv1, column: params, account: a slip"
    )
    Path("mine.yaml").write_text(wrong + ', printed: "150", computed: "153"}\n', encoding="utf-8")
    assert run("--file", "mine.yaml").exit_code == 0
    Path("mine.yaml").write_text(wrong + ', printed: "150", computed: "152"}\n', encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 1
    about = "that is about 150, where 152 comes out, not about 150 and 153."
    assert about in " ".join(result.stdout.split())


def test_the_arithmetic_of_a_slip_is_computed_and_must_give_what_is_printed(folder: Path) -> None:
    # 5 x 5 x 2 x 3 + 3 = 153; with the input's 2 channels forgotten 5 x 5 x 3 + 3 = 78
    text = (
        MINE.replace('"153"', '"78"')
        + "errata:\n  - {row: conv1, column: params, account: one channel, printed: 78,"
        " computed: 153, working: 5*5*3 + 3}\n"
    )
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 0
    assert "Matches when computed as 5*5*3 + 3: 78." in result.stdout
    assert "1 erratum explained, 0 errata unexplained" in result.stdout
    Path("mine.yaml").write_text(text.replace("*3 + 3", "*3 + 2"), encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "its erratum does not hold: when computed as 5*5*3 + 2, 77 comes out" in words


def test_operations_are_read_with_what_they_count_behind_them(folder: Path) -> None:
    # 4 x 5 x 3 outputs x 5 x 5 x 2 = 3,000 multiply-accumulates
    text = (
        "table: t\nspec: net.yaml\nconventions: {operations: {count: %s}}\n"
        "columns: {ops: operations}\nrows: {conv1: %s, total: %s}\n"
    )
    for count, cells in (
        ("macs", ("3 KMACs", "0.003 MMac")),
        ("flops", ("6 KFLOPs", "6000 FLOPS")),
    ):
        Path("mine.yaml").write_text(text % (count, *cells), encoding="utf-8")
        result = run("--file", "mine.yaml")
        assert (result.exit_code, result.stderr) == (0, "")
        assert all(cell in result.stdout for cell in cells)
    Path("mine.yaml").write_text(text % ("macs", "3 Kmiles", "3K"), encoding="utf-8")
    assert "error[E603]: '3 Kmiles' is not a number" in run("--file", "mine.yaml").stderr


def test_a_network_with_symbols_is_refused(folder: Path) -> None:
    Path("net.yaml").write_text(NET.replace("8x9x2", "HxWx2"), encoding="utf-8")
    for words in (("--file", "mine.yaml"), ("lenet5", "--against", "net.yaml")):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "error[E121]: net.yaml: printed cells are numbers, but H and W have no value" in (
            result.stderr
        )
        assert result.stderr.count("error[") == 1
    Path("sized.yaml").write_text("extends: net.yaml\ninput: 8x9x2\n", encoding="utf-8")
    Path("mine.yaml").write_text(MINE.replace("net.yaml", "sized.yaml"), encoding="utf-8")
    assert run("--file", "mine.yaml").exit_code == 0


# -- nothing can be matched by shopping for a convention -------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        # one for a row, for a column, for a cell; a second one of the same quantity
        MINE.replace(
            'conv1: [4x5x3, "153"]', 'conv1: {cells: [4x5x3, "150"], convention: {count: weights}}'
        ),
        MINE.replace("params: parameters", "params: {quantity: parameters, count: weights}"),
        MINE.replace('"153"', "{printed: 150, count: weights}"),
        MINE.replace("columns:", "  parameters: {count: weights}\ncolumns:"),
        MINE.replace("columns:", "  weights: {count: weights}\ncolumns:"),
        MINE.replace("count: params,", "count: [params, weights],"),
        MINE.replace("rounding: nearest", "rounding: any"),
        MINE.replace("rounding: nearest", "rounding: [down, up]"),
        MINE.replace("K: 1000", "K: [1000, 1024]"),
    ],
)
def test_a_second_convention_is_refused(text: str, folder: Path) -> None:
    assert text != MINE
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 2
    assert result.stderr.startswith("error[E1") or result.stderr.startswith("error[E6")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        # a list where one thing stands must not be taken for nothing: that would be an excuse
        (
            MINE + "errata: [{row: conv1, column: params, account: a slip, spec: [net.yaml]}]\n",
            "error[E110]: spec takes a text, not a list of 1",
        ),
        (
            MINE + "errata: [{row: conv1, column: params, account: a slip, printed: 1,"
            " computed: 2, working: [5*5, 3]}]\n",
            "error[E110]: working takes a text, not a list of 2",
        ),
        (
            MINE.replace('conv1: [4x5x3, "153"]', "conv1: {cells: 4x5x3, at: {size: [conv1]}}"),
            "error[E110]: at takes a text, not a list of 1",
        ),
        (
            MINE.replace('conv1: [4x5x3, "153"]', "conv1: {cells: 4x5x3, over: {a: b}}"),
            "error[E110]: over takes a text, not a map",
        ),
        (
            MINE.replace("{size: output, params: parameters}", "{}"),
            "error[E113]: the table has no column",
        ),
    ],
)
def test_what_is_of_another_kind_is_never_taken_for_nothing(
    text: str, complaint: str, folder: Path
) -> None:
    assert text != MINE
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(complaint)


# -- hostile files ---------------------------------------------------------------------------------


def test_a_table_that_asks_for_too_much_is_refused(folder: Path) -> None:
    layers = "[" + ", ".join(["conv1"] * 300) + "]"
    rows = "".join(f"  r{i}: {{layer: {layers}, cells: 4x5x3}}\n" for i in range(100))
    text = f"table: t\nspec: net.yaml\ncolumns: {{size: output}}\nrows:\n{rows}"
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 2
    assert "more than 20,000 values" in result.stderr


def test_an_erratum_names_no_more_cells_than_there_are(folder: Path) -> None:
    rows, columns = ", ".join(["conv1"] * 30_000), ", ".join(["params"] * 20_000)
    text = MINE + f"errata:\n  - {{row: [{rows}], column: [{columns}], account: a slip}}\n"
    Path("mine.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 2
    assert "names 600,000,000 cells, more than the table has" in result.stderr


def test_a_table_is_compared_with_a_few_other_networks_only(folder: Path) -> None:
    also = ", ".join(["lenet5"] * 11)
    Path("mine.yaml").write_text(MINE + f"also: [{also}]\n", encoding="utf-8")
    assert "at most 10 other networks" in run("--file", "mine.yaml").stderr


def test_texts_of_strangers_move_no_cursor(folder: Path) -> None:
    bad = '"\\e[31mred\\u202e"'
    text = f"table: {bad}\nsource: {bad}\nspec: net.yaml\ncolumns: {{{bad}: output}}\nrows:\n  {bad}: {{layer: conv1, cells: 4x5x3}}\n"
    Path("mine.yaml").write_text(text, encoding="utf-8")
    for format_ in ("text", "markdown", "html", "latex", "csv", "json"):
        out = run("--file", "mine.yaml", "--format", format_).stdout
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_a_text_that_a_spreadsheet_would_compute_is_guarded(folder: Path) -> None:
    Path("mine.yaml").write_text(
        MINE.replace("  conv1:", '  "=1+1": {layer: conv1, cells: [4x5x3]}\n  conv1:'),
        encoding="utf-8",
    )
    assert ",'=1+1," in run("--file", "mine.yaml", "--format", "csv").stdout


def test_mutated_tables_never_crash(folder: Path) -> None:
    chance = random.Random(5)
    texts = [find_table(name).text for name in published.names()] + [MINE]
    words = [
        "[",
        "]",
        "{",
        "}",
        ":",
        ", ",
        "~",
        "-",
        "\n",
        "  ",
        '"',
        "x",
        "0",
        "K",
        "total",
        "&a",
        "*a",
    ]
    for _ in range(300):
        text = list(chance.choice(texts))
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(text))
            text[place : place + chance.choice((0, 1, 1, 7))] = chance.choice(words)
        Path("mine.yaml").write_text("".join(text), encoding="utf-8")
        result = run("--file", "mine.yaml", "--format", "csv")  # any exception fails the test
        assert result.exit_code in (0, 1, 2)
        assert result.exit_code != 2 or result.stderr.startswith("error[E")


# -- cells for which nothing comes out -------------------------------------------------------------

NOTHING_BELOW = """\
table: Ratios
spec: net.yaml
conventions: {parameters: {count: params}}
columns: {ratio: parameters}
rows: {fewer: {layer: total, over: none.yaml, cells: 12X}}
"""


def test_a_cell_that_is_divided_by_zero_is_a_mismatch(folder: Path) -> None:
    Path("none.yaml").write_text("input: 12x10x3\nlayers: [relu]\n", encoding="utf-8")
    Path("ratios.yaml").write_text(NOTHING_BELOW, encoding="utf-8")
    result = run("--file", "ratios.yaml")
    assert result.exit_code == 1
    assert "1 cell compared: 0 matched, 1 mismatch" in result.stdout
    assert "MISMATCH: nothing comes out: none.yaml has 0, which divides nothing" in result.stdout
    (cell,) = published.compare_file("ratios.yaml").cells
    assert (cell.computed, cell.value, cell.status) == ("?", None, "MISMATCH")


def test_a_layer_without_a_rule_is_no_match_of_0(folder: Path) -> None:
    """What is not counted is `?` alone and nothing in a sum, as in `summarize`."""
    counted = 4 * 5 * (5 * 5 * 2 + 1) * 3
    Path("ops.yaml").write_text(
        "table: Operations\nspec: net.yaml\n"
        "conventions: {operations: {count: torchinfo}}\ncolumns: {ops: operations}\n"
        f"rows: {{relu1: ['0'], conv1: ['{counted}'], total: ['{counted}']}}\n",
        encoding="utf-8",
    )
    judged = published.compare_file("ops.yaml")
    assert [cell.status for cell in judged.cells] == ["MISMATCH", "match", "match"]
    assert judged.cells[0].computed == "?"
    assert judged.cells[0].account == "nothing comes out: torchinfo has no rule for relu"
    assert run("--file", "ops.yaml").exit_code == 1


@pytest.mark.parametrize("empty", ["~", "null", "Null", "NULL"])
def test_yamls_words_for_nothing_leave_a_cell_out(folder: Path, empty: str) -> None:
    Path("mine.yaml").write_text(MINE.replace("~", empty), encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 0
    assert "3 cells compared: 3 matched" in result.stdout


def test_the_tables_that_begin_with_a_word_are_all_named() -> None:
    result = runner().invoke(main, ["tables", "alexnet"])
    assert result.exit_code == 2
    assert "hint: did you mean 'alexnet-course' or 'alexnet-paper'?" in result.stderr


def test_a_table_needs_rows(folder: Path) -> None:
    Path("mine.yaml").write_text(MINE.partition("rows:")[0], encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 2
    assert "error[E113]: a table needs `rows:`" in result.stderr
    Path("mine.yaml").write_text(MINE.replace("rows:", "row:"), encoding="utf-8")
    told = run("--file", "mine.yaml").stderr
    assert "did you mean 'rows'?" in told
    assert "E113" not in told


@pytest.mark.parametrize("cell", ["1", "1 weight layers", "1-layer", "1 layers"])
def test_a_depth_is_told_in_layers(folder: Path, cell: str) -> None:
    columns = MINE.partition("columns:")[0] + "columns: {weighted: depth}\n"
    Path("mine.yaml").write_text(f"{columns}rows: {{total: ['{cell}']}}\n", encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert (result.exit_code, result.stderr) == (0, "")


def test_heads_of_printed_and_of_computed_cells_say_which_they_are() -> None:
    page = run("alexnet-course", "-f", "html").stdout
    heads = re.findall(r'<th scope="col"(?: class="[^"]*")? title="([^"]*)">([^<]*)<', page)
    assert heads == [("volume", "volume"), ("computed", "computed")]


def test_an_erratum_of_several_layers_must_explain_them_all(folder: Path) -> None:
    """4 filters of 5 x 5 x 2 and a bias have 204 parameters, 5 of them 255."""
    table = MINE.partition("columns:")[0] + (
        "columns: {params: parameters}\n"
        "rows: {convs: {layer: [a, b], cells: ['204']}}\n"
        "errata: [{row: convs, column: params, spec: other.yaml, account: another of his nets}]\n"
    )
    Path("mine.yaml").write_text(table, encoding="utf-8")
    heads = "input: 8x9x2\nlayers: [{0}a, {1}}}, {0}b, {2}, from: input}}]\noutputs: [a, b]\n"
    conv = "conv: {{kernel: 5, name: "
    net = heads.replace("{0}", conv)
    for name, filters in (("net", (3, 3)), ("other", (4, 5))):
        text = net.format(None, *(f"filters: {count}" for count in filters))
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")
    result = run("--file", "mine.yaml")
    assert result.exit_code == 1
    assert "its erratum does not hold: when computed with other.yaml, 255" in result.stdout
    text = net.format(None, "filters: 4", "filters: 4")
    Path("other.yaml").write_text(text, encoding="utf-8")
    assert run("--file", "mine.yaml").exit_code == 0
