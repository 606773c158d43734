"""Other values that a teacher accepts in a cell: as a paper prints it, as the lecture rounded it.

accept:
  conv1: {params: {34848: without biases, as the slides have it}}
  total: {params: [62.4M, 60M]}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.model import Accepted, is_total
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.readings import (
    Blank,
    ReadExtents,
    ReadNumber,
    Unreadable,
)
from shapecalc.homework.assignment.notation.values import value_text
from shapecalc.homework.assignment.notation.volumes import forms, read_volume
from shapecalc.homework.assignment.quantities import quantity_of
from shapecalc.text import List, Scalar, YamlMap, describe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.homework.assignment.keys import KeyReader
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.report import Row
    from shapecalc.text import Tree

_FORM = "write `accept: {conv1: {params: {34848: without biases}}}`"


def read_alternates(
    reader: KeyReader, tree: Tree | None, names: list[str], rows: Mapping[str, Row]
) -> dict[tuple[str, str], tuple[Accepted, ...]]:
    """Read `accept`, by layer and column; complaints (E704, E757) go to the reader.

    `names` are those of all rows, sums among them.
    """
    accepted = {}
    for key, columns in reader.entries(tree, "accept"):
        layer = reader.layer(key, names)
        if not isinstance(columns, YamlMap):
            reader.no("E757", f"{describe(columns)} is no map of columns", columns, _FORM)
            continue
        for word, values in zip(columns.keys.values(), columns.items.values(), strict=True):
            quantity = quantity_of(word.text)
            if quantity is None:
                reader.no("E704", f"'{word.text}' is nothing that can be asked", word)
            elif layer is not None and not (is_total(layer) and quantity.key == "output"):
                row = rows.get(layer) if quantity.key == "output" else None
                accepted[layer, quantity.key] = _accepted(reader, values, row)
    return accepted


def given_as_written(reader: KeyReader, tree: Tree | None, homework: Homework) -> None:
    """Complain (E758) about cells that the teacher fills in with what they do not hold."""
    cells = {cell.at: cell for cell in homework.cells}
    for key, columns in reader.entries(tree, "given"):
        if not isinstance(columns, YamlMap):
            continue
        for word, value in zip(columns.keys.values(), columns.items.values(), strict=True):
            quantity = quantity_of(word.text)
            cell = cells.get((key.text, quantity.key)) if quantity is not None else None
            if cell is None or not isinstance(value, Scalar) or not value.text.strip():
                continue
            row = homework.rows.get(key.text) if cell.quantity.key == "output" else None
            written = _volume(value.text, row) if row is not None else _count(value.text)
            if written != cell.key:
                right = value_text(cell.key, homework.conventions)
                message = f"{key.text}, {cell.quantity.title} is {right}, not {describe(value)}"
                hint = f"write {right}, or only the columns: `{key.text}: [{word.text}]`"
                reader.no("E758", message, value, hint)


def _accepted(reader: KeyReader, tree: Tree, row: Row | None) -> tuple[Accepted, ...]:
    """Read the values of a cell, with their reasons where they have some."""
    if isinstance(tree, YamlMap):
        pairs = [
            (word, reader.text(reason))
            for word, reason in zip(tree.keys.values(), tree.items.values(), strict=True)
        ]
    else:
        items = tree.items if isinstance(tree, List) else (tree,)
        pairs = [(item, "") for item in items if isinstance(item, Scalar)]
        for item in items:
            if not isinstance(item, Scalar):
                reader.no("E757", f"{describe(item)} is no value to accept", item, _FORM)
    accepted = []
    for word, reason in pairs:
        value = _volume(word.text, row) if row is not None else _count(word.text)
        if value is None:
            what = "volume, like 55x55x96" if row is not None else "whole number"
            reader.no("E757", f"{describe(word)} is no {what}", word, _FORM)
        else:
            accepted.append(Accepted(value, reason))
    return tuple(accepted)


def _count(text: str) -> int | None:
    readings = read_number(text)
    if isinstance(readings, Unreadable | Blank):
        return None
    whole = [
        reading.value
        for reading in readings
        if reading.value.denominator == 1 and reading.value >= 0
    ]
    return whole[0].numerator if whole and isinstance(readings[0], ReadNumber) else None


def _volume(text: str, row: Row) -> Value:
    readings = read_volume(text)
    if isinstance(readings, Unreadable | Blank):
        return None
    shapes = (
        form.shape
        for reading in readings
        if isinstance(reading, ReadExtents)
        for form in forms(reading, row.output)
    )
    return next((shape for shape in shapes if shape is not None), None)
