"""Answers that are values of a program: a data frame, a map, a list of maps, a text as pasted.

A data frame is what behaves like one of pandas or Polars; neither is imported.  A value means what
it shows: 34848.0, which a column with a gap makes of 34848, is the whole number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Rational, Real
from typing import TYPE_CHECKING, Any, TypeGuard

from shapecalc.homework.answers import MAX_CELLS, Answers, refuse_file
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.answers.tables import LONGEST_CELL, from_plain, from_rows, headings, text_of
from shapecalc.homework.assignment.headings import layers_column

if TYPE_CHECKING:
    from shapecalc.homework.answers.tables import Plain

#: What stands for no value, in Python, NumPy and pandas.
_NOTHING = frozenset({"None", "nan", "NaT", "<NA>"})
#: Lists and maps are nested less deep than this.
_MAX_DEPTH = 20
#: Whole numbers below this are exact in a float of 15 digits.
_EXACT = 10**15
_FRAME, _TABLE = "data frame", "pasted table"
_FORMS = (
    "a path, a data frame, a dict like {'conv1': {'params': 34944}}, a list of dicts with a"
    " 'layer' each, or a table as text"
)


def read_value(value: object) -> Answers:
    """Read the answers that a value holds.  Raises `SpecErrors` (E701, E702) where it holds none.

    A text is a table as somebody pasted it, in any notation that files of answers have.
    """
    if isinstance(value, str):
        return read_answers(value.encode("utf-8", "replace"), _TABLE)
    if hasattr(value, "to_frame") and not hasattr(value, "columns"):  # a column, with its index
        value = value.to_frame()
    if hasattr(value, "columns") and (hasattr(value, "itertuples") or hasattr(value, "rows")):
        return _of_frame(value)
    kind = type(value).__name__
    if isinstance(value, Mapping):
        return _of_map(value, kind)
    if _is_list(value):
        rows = [[_cell(cell, kind) for cell in row] for row in value if _is_list(row)]
        if rows and len(rows) == len(value):
            return _of_rows(rows, kind)
        return from_plain(_plain(value, kind), kind)
    message = f"a value of the type {kind} holds no answers"
    raise refuse_file("E701", message, kind, f"name {_FORMS}")


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _of_rows(rows: Sequence[Sequence[str]], name: str) -> Answers:
    """Return the answers of rows, the header first: its number is 0."""
    return from_rows(list(enumerate(map(list, rows))), name)


def _of_frame(frame: Any) -> Answers:  # noqa: ANN401  (its class is of a package not imported)
    """Return the answers of a data frame, whose layers stand in a column or in its index."""
    tall, wide = frame.shape
    if tall * wide > MAX_CELLS:
        message = f"the table has more than {MAX_CELLS:,} cells"
        raise refuse_file("E702", message, _FRAME, "a sheet has a row a layer and a few columns")
    columns = [_heading(column) for column in frame.columns]
    names: list[str] = []
    keys: list[tuple[object, ...]] = [()] * tall
    if hasattr(frame, "itertuples"):
        names, keys = _index(frame.index, columns)
        rows = frame.itertuples(index=False, name=None)
    else:
        rows = frame.rows()
    if layers_column([*names, *columns]) is None:
        hint = "name them in a column `layer`, or in the index"
        raise refuse_file("E701", "the data frame does not name its layers", _FRAME, hint)
    if not headings([*names, *columns]):
        hint = "name them output, params, macs, ...; `.T` turns a frame whose columns are layers"
        raise refuse_file("E701", "no column of the data frame is a quantity", _FRAME, hint)
    cells = (
        [_cell(cell, _FRAME) for cell in (*key, *row)] for key, row in zip(keys, rows, strict=True)
    )
    return _of_rows([[*names, *columns], *cells], _FRAME)


def _index(index: Any, columns: Sequence[str]) -> tuple[list[str], list[tuple[object, ...]]]:  # noqa: ANN401
    """Return the headings and the cells of an index: none where it only counts the rows."""
    names = ["" if name is None else str(name) for name in index.names]
    keys = [key if len(names) > 1 else (key,) for key in index]
    counts = len(names) == 1 and all(isinstance(key, Integral) for (key,) in keys)
    if not names[-1] and counts:
        return [], [()] * len(keys)
    if layers_column([*filter(None, names), *columns]) is None and not counts:
        names[-1] = "layer"
        if len(names) == 2 and not names[0]:
            names[0] = "network"
    return names, keys


def _heading(column: object) -> str:
    """Write a column's name; one of several levels joins what they say."""
    return " ".join(filter(None, map(str, column))) if isinstance(column, tuple) else str(column)


def _of_map(value: Mapping[Any, Any], kind: str) -> Answers:
    """Return the answers of a map: of layers, of columns, of cells, or of one row."""
    if value and all(isinstance(key, tuple) and len(key) == 2 for key in value):
        cells = [
            {"layer": str(layer), "column": str(column), "value": _plain(cell, kind)}
            for (layer, column), cell in value.items()
        ]
        return from_plain([*cells], kind)
    words = _distinct(value, kind)
    naming = layers_column(words)
    if naming is None:
        return from_plain(_plain(value, kind), kind)
    columns = [_rowwise(column) for column in value.values()]
    rows = columns[naming]
    if rows is None:
        return from_plain([_plain(value, kind)], kind)
    for word, column in zip(words, columns, strict=True):
        if column is None or column.keys() != rows.keys():
            message = f"'{word[:40]}' has other rows than '{words[naming][:40]}'"
            raise refuse_file("E701", message, kind, "give every layer one value, or None")
    table = [[_cell(column[key], kind) for column in columns if column is not None] for key in rows]
    return _of_rows([words, *table], kind)


def _rowwise(column: object) -> Mapping[Any, Any] | None:
    """Return a column by its rows, a list's by their numbers; None for a single value."""
    column = _listed(column)
    if isinstance(column, Mapping):
        return column
    return dict(enumerate(column)) if _is_list(column) else None


def _distinct(value: Mapping[Any, Any], kind: str) -> list[str]:
    """Write the keys of a map as texts.  Raises `SpecErrors` (E701) for two that are one."""
    words = [str(key) for key in value]
    for word in words:
        if words.count(word) > 1:
            message = f"'{word[:40]}' stands twice in one map"
            raise refuse_file("E701", message, kind, "keep one of the two")
    return words


def _listed(value: Any) -> Any:  # noqa: ANN401
    """Make a list of an array or a column of a data frame; leave other values."""
    for method in ("tolist", "to_list"):
        if getattr(value, "ndim", 1) and hasattr(value, method):
            return getattr(value, method)()
    return value


def _plain(value: object, kind: str, depth: int = 0) -> Plain:
    """Turn values into texts, lists and maps.  Raises `SpecErrors` (E702) for what goes deeper."""
    if depth > _MAX_DEPTH:
        raise refuse_file("E702", "lists and maps are nested too deeply", kind, f"give {_FORMS}")
    value = _listed(value)
    if isinstance(value, Mapping):
        words = _distinct(value, kind)
        inner = (_plain(cell, kind, depth + 1) for cell in value.values())
        return dict(zip(words, inner, strict=True))
    if _is_list(value):
        if len(value) > MAX_CELLS:
            message = f"a list holds more than {MAX_CELLS:,} values"
            raise refuse_file("E702", message, kind, f"give {_FORMS}")
        return [_plain(cell, kind, depth + 1) for cell in value]
    return _written(value, kind)


def _cell(value: object, kind: str) -> str:
    """Write a cell as one text: extents as a tuple."""
    return text_of(_plain(value, kind))


def _written(value: object, kind: str) -> str:
    """Write a single value: a number with all its digits, nothing for what stands for none."""
    try:
        text = str(value)
    except ValueError:  # more digits than Python writes
        return "a number of too many digits"
    if len(text) > LONGEST_CELL:
        message = f"a cell holds more than {LONGEST_CELL:,} characters"
        raise refuse_file("E702", message, kind, "a cell holds one answer")
    if isinstance(value, str):
        return text
    if text in _NOTHING:
        return ""
    if isinstance(value, Real) and not isinstance(value, Rational):
        number = float(value)
        if abs(number) < _EXACT and number.is_integer():
            return str(int(number))
    return text
