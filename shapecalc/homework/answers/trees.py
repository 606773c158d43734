"""Answers as YAML or JSON: texts and nothing but texts, whatever they look like.

Three forms are read: a map of layers to maps of columns, a list of maps with a `layer` each, and a
list of cells with `layer`, `column` and `value`; each may stand under `answers` or `cells`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.homework.answers.model import MAX_CELLS, AnswerCell, Answers, refuse_file
from shapecalc.homework.assignment.quantities import (
    LAYER_HEADINGS,
    NETWORK_WORDS,
    plain_word,
    quantity_of,
    unit_in,
)
from shapecalc.spec.yaml_compose import MAX_DEPTH, compose
from shapecalc.spec.yaml_messages import opened_beyond
from shapecalc.text import List, Scalar, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.text import Tree

#: A value of which only texts, lists and maps are known.
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_FORM = "write a map of layers, like `conv1: {output: 20x30x40, params: 1200}`"
_AROUND = ("answers", "cells", "layers", "rows")
_VALUES = ("value", "raw", "answer", "read_as")


def read_yaml(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read answers in YAML.  Raises `SpecErrors` (E101 to E106, E701, E702)."""
    if not re.sub(r"(?m)^\s*(?:#.*|---.*|\.\.\.)?$", "", text).strip():
        raise refuse_file("E701", "the file is empty", name, _FORM)
    return _answers(_plain(compose(Source(name, text)), name), name, notes)


def read_json(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read answers in JSON, numbers as they are written."""
    if opened_beyond(text, [], (0, len(text)), 0, MAX_DEPTH) is not None:
        raise refuse_file("E702", "lists and maps are nested too deeply", name, _FORM)
    try:
        value = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_pairs
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise refuse_file(
            "E701", f"the text is not JSON: {error.msg}, {where}", name, _FORM
        ) from None
    except _TwiceError as error:
        message = f"'{error.args[0][:40]}' stands twice in one map"
        raise refuse_file("E701", message, name, "keep one of the two") from None
    return _answers(_words(value), name, notes)


class _TwiceError(Exception):
    pass


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    items: dict[str, object] = {}
    for key, value in pairs:
        if key in items:
            raise _TwiceError(key)
        items[key] = value
    return items


def _words(value: object) -> Plain:
    """Turn what JSON knows of into texts."""
    if isinstance(value, dict):
        return {key: _words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_words(item) for item in value]
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _plain(tree: Tree, name: str) -> Plain:
    count = 0

    def plain(tree: Tree) -> Plain:
        nonlocal count
        count += 1
        if count > 5 * MAX_CELLS:
            raise refuse_file(
                "E702", f"the file holds more than {5 * MAX_CELLS:,} values", name, _FORM
            )
        if isinstance(tree, Scalar):
            return "" if tree.plain and tree.text in ("~", "null") else tree.text
        if isinstance(tree, List):
            return [plain(item) for item in tree.items]
        return {key: plain(item) for key, item in tree.items.items()}

    return plain(tree)


def _answers(value: Plain, name: str, notes: tuple[str, ...]) -> Answers:
    inner = value
    if isinstance(value, dict):
        around = next((key for key in value if plain_word(key) in _AROUND), None)
        inner = value[around] if around is not None else value
    records = list(_records(inner))
    cells, rows, ignored = [], [], []
    for layer, column, raw, place, network in records:
        quantity = quantity_of(column)
        rows.append(layer)
        if quantity is None:
            ignored.append(column)
        else:
            cells.append(AnswerCell(layer, quantity, raw, place, unit_in(column), network=network))
        if len(cells) > MAX_CELLS:
            raise refuse_file("E702", f"the file has more than {MAX_CELLS:,} cells", name, _FORM)
    if not cells:
        raise refuse_file(
            "E701", "the file names no layer with something that is asked", name, _FORM
        )
    columns = tuple(dict.fromkeys(cell.quantity for cell in cells))
    unique = tuple(dict.fromkeys(rows))
    return Answers(name, tuple(cells), unique, columns, tuple(dict.fromkeys(ignored)), notes)


#: Layer, column, text, place and network of a cell.
_Record: TypeAlias = tuple[str, str, str, str, str]


def _records(value: Plain, network: str = "") -> Iterator[_Record]:
    """Yield every cell; maps of several networks hold a map of layers each."""
    if isinstance(value, dict):
        for layer, columns in value.items():
            if not isinstance(columns, dict):
                continue
            if not network and any(_row_like(cell) for cell in columns.values()):
                yield from _records(columns, layer)
                continue
            for column, cell in columns.items():
                yield layer, column, _text(cell), f"{layer}: {column}", network
    elif isinstance(value, list):
        for number, record in enumerate(value, 1):
            if isinstance(record, dict):
                yield from _record(record, f"entry {number}", network)


def _row_like(value: Plain) -> bool:
    """Tell whether a value holds the cells of a row."""
    return isinstance(value, dict) and any(quantity_of(key) is not None for key in value)


def _record(record: dict[str, Plain], place: str, network: str) -> Iterator[_Record]:
    """Yield the cells of a map that names its layer."""
    naming = next((key for key in record if plain_word(key) in LAYER_HEADINGS), None)
    if naming is None:
        return
    about = next((key for key in record if plain_word(key) in NETWORK_WORDS), None)
    network = _text(record[about]).strip() if about is not None else network
    layer = _text(record[naming]).strip()
    column = record.get("column", record.get("quantity"))
    if isinstance(column, str):
        value = next((record[key] for key in _VALUES if key in record), "")
        yield layer, column, _text(value), place, network
        return
    for key, cell in record.items():
        if key not in (naming, about):
            yield layer, key, _text(cell), f"{place}, {key}", network


def _text(value: Plain) -> str:
    """Write a cell's value as one text: a list of extents as a tuple."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"({', '.join(map(_text, value[:20]))})"
    return ", ".join(f"{key} {_text(item)}" for key, item in list(value.items())[:20])
