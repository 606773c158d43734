"""Texts wrapped and columns left out, by themselves."""

from shapecalc.analysis.compare.fit import Laid, fit, lines_of
from shapecalc.output.table import Head

HEAD = Head("a column")
NAME = Laid(HEAD, "layer", ("stage/block1/conv1 to stage/block2/conv1", "fc"), "total", wraps=12)
CHANGE = Laid(HEAD, "change", ("kernel 11x11 -> 7x7 /2, pad 0 -> 1", "same"), wraps=12)
NUMBER = Laid(HEAD, "params", ("34,944", "1"), "34,945", drop=2)
OTHER = Laid(HEAD, "MACs", ("12", "345"), "357", drop=1)
ALL = (NAME, CHANGE, NUMBER, OTHER)


def test_without_a_width_nothing_is_touched() -> None:
    assert fit(ALL, None) == ALL


def test_texts_wrap_at_commas_then_at_spaces_and_steps_of_paths() -> None:
    name, change, *_ = fit(ALL, 14 + 2 + 15 + 2 + 6 + 2 + 4)
    assert change.cells[0].split("\n") == ["kernel 11x11", "-> 7x7 /2,", "pad 0 -> 1"]
    assert name.cells[0].split("\n") == ["stage/block1/", "conv1 to stage/", "block2/conv1"]


def test_columns_go_in_order_and_come_back_where_they_fit() -> None:
    wide = Laid(HEAD, "output", ("x" * 20, ""), drop=3)
    headers = [column.header for column in fit((NAME, CHANGE, NUMBER, OTHER, wide), 45)]
    assert headers == ["layer", "change", "params", "MACs"]
    assert [column.header for column in fit(ALL, 30)] == ["layer", "change"]


def test_a_row_has_as_many_lines_as_its_longest_text() -> None:
    columns = fit(ALL, 43)
    lines = lines_of(columns)
    assert len(lines) == 3 + 1
    assert [line[2] for line in lines] == ["34,944", "", "", "1"]
    for at, column in enumerate(ALL):
        rebuilt = "".join(line[at] for line in lines[:3]).replace(" ", "")
        assert rebuilt == column.cells[0].replace(" ", "")
