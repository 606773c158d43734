"""Keys of a teacher's file: words, shares, numbers and lists read, complaints collected.

Two have a form of their own.  Other values are accepted in a cell, as a paper prints it, as the
lecture rounded it; and something may differ from student to student:

accept:
  conv1: {params: {34848: without biases, as the slides have it}}
  total: {params: [62.4M, 60M]}
vary:
  input: [224x224x3, 225x225x3]     # or sides of a square input: 195:259:8
  conv1.kernel: [9, 11]             # a field of a layer
  k: 64:96:16                       # a constant of the spec's `let`
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Complaints
from shapecalc.homework.assignment.conventions import read_share
from shapecalc.homework.assignment.headings import quantity_of
from shapecalc.homework.assignment.model import Accepted, VaryChoice, is_total
from shapecalc.homework.assignment.networks import Variation
from shapecalc.homework.assignment.notation import (
    Blank,
    ReadExtents,
    ReadNumber,
    Unreadable,
    value_text,
)
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.assignment.notation.volumes import forms, read_volume
from shapecalc.layers.shape import Map, as_text
from shapecalc.text import List, Scalar, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.assignment.quantities import Value
    from shapecalc.report import Report, Row
    from shapecalc.text import Tree


class OneOfWords(NamedTuple):
    """A field that takes one of some words; each stands for a value."""

    values: Mapping[str, Any]


class KeyReader:
    """Reads the values of keys; what is wrong is collected."""

    def __init__(self) -> None:
        self.problems = Complaints()

    def no(self, code: str, message: str, tree: Tree, hint: str = "") -> None:
        """Note a problem at a place."""
        self.problems.note(code, message, origin(tree), hint)

    def known(self, tree: YamlMap, keys: tuple[str, ...]) -> None:
        """Complain about keys that mean nothing."""
        for key, place in tree.keys.items():
            if key not in keys and not key.startswith("x-"):
                hint = did_you_mean(key, keys) or f"the keys are {', '.join(keys)}"
                self.no("E111", f"unknown key '{key}'", place, hint)

    def text(self, tree: Tree | None) -> str:
        if tree is None:
            return ""
        if isinstance(tree, Scalar):
            return tree.text
        self.no("E110", f"a text is expected here, not {describe(tree)}", tree)
        return ""

    def words(self, tree: Tree, what: str) -> list[Scalar]:
        """Read a list of words, or words with commas between them."""
        items = tree.items if isinstance(tree, List) else (tree,)
        if isinstance(tree, YamlMap) or not all(isinstance(item, Scalar) for item in items):
            self.no("E110", f"{what} are a list of names, not {describe(tree)}", tree)
            return []
        return [item for item in items if isinstance(item, Scalar)]

    def entries(self, tree: Tree | None, key: str) -> list[tuple[Scalar, Tree]]:
        if tree is None:
            return []
        if not isinstance(tree, YamlMap):
            self.no("E110", f"`{key}` is a map, not {describe(tree)}", tree)
            return []
        return list(zip(tree.keys.values(), tree.items.values(), strict=True))

    def fields(self, tree: Tree | None, known: Mapping[str, OneOfWords | str]) -> dict[str, Any]:
        """Read a map of settings."""
        readers: dict[str, Callable[[Tree], Any]] = {
            "share": self.share,
            "factor": lambda value: int(self.number(value, 4, least=1, most=1000)),
        }
        if tree is None:
            return {}
        if not isinstance(tree, YamlMap):
            self.no("E110", f"a map of settings is expected, not {describe(tree)}", tree)
            return {}
        self.known(tree, tuple(known))
        values = {}
        for key, value in tree.items.items():
            kind = known.get(key)
            if isinstance(kind, str):
                values[key] = readers[kind](value)
            elif kind is not None:
                read = self.word(value, key, kind.values)
                if read is not None:
                    values[key] = read
        return values

    def word(self, tree: Tree | None, key: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Read one of some words; None when there is none, or another one."""
        if tree is None:
            return None
        word = self.text(tree)
        if word in known:
            return known[word]
        hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
        self.no("E110", f"{key} cannot be {describe(tree)}", tree, hint)
        return None

    def share(self, tree: Tree, most: int = 1) -> Fraction:
        """Read a part such as 1/2, 0.5 or 50%, or a number of marks."""
        value = read_share(self.text(tree))
        if value is None:
            self.no("E110", f"{describe(tree)} is no number", tree, "write 1/2, 0.5 or 50%")
            return Fraction(1)
        if value > most:
            self.no("E114", f"at most {most:,} is possible here, not {value}", tree)
        return value

    def number(self, tree: Tree | None, default: int, *, least: int = 0, most: int) -> int:
        if tree is None:
            return default
        text = self.text(tree)
        if text == "all":
            return 0
        if not (text.isascii() and text.isdecimal() and len(text) < 9) or not (
            least <= int(text) <= most
        ):
            self.no("E114", f"a number from {least} to {most} is expected", tree)
            return default
        return int(text)

    def layer(self, word: Scalar, rows: list[str]) -> str | None:
        """Read a row's name."""
        if word.text in rows:
            return word.text
        near = [name for name in rows if name.endswith(f"/{word.text}")]
        near = near or [name for name in rows if name.startswith(f"{word.text}_")]
        hint = f"write {' or '.join(near[:3])}" if near else did_you_mean(word.text, rows)
        hint = hint or "`shapecalc summarize` lists the layers"
        self.no("E704", f"there is no layer '{word.text}'", word, hint)
        return None


_ACCEPT = "write `accept: {conv1: {params: {34848: without biases}}}`"


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
            reader.no("E757", f"{describe(columns)} is no map of columns", columns, _ACCEPT)
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
                reader.no("E757", f"{describe(item)} is no value to accept", item, _ACCEPT)
    accepted = []
    for word, reason in pairs:
        value = _volume(word.text, row) if row is not None else _count(word.text)
        if value is None:
            what = "volume, like 55x55x96" if row is not None else "whole number"
            reader.no("E757", f"{describe(word)} is no {what}", word, _ACCEPT)
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


#: A choice has at most so many values.
_MANY = 1000

_RANGE = re.compile(
    r"(\d{1,9})\s*(?:\.\.|:)\s*(\d{1,9})(?:(?:\s+step\s+|\s*:\s*)(\d{1,9}))?", re.ASCII
)
_VALUE = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_VARY = "write a list, [64, 80, 96], or a range, 64:96:16"


def read_choices(
    reader: KeyReader, tree: Tree | None, reports: Mapping[str, Report]
) -> tuple[VaryChoice, ...]:
    """Read `vary`; complaints (E750) go to the reader.  `reports` are by name, one under none."""
    choices = []
    for key, value in reader.entries(tree, "vary"):
        network, name = _place(key.text, reports)
        if network is None:
            reader.no("E750", f"no network is called as '{key.text}' begins", key, _named(reports))
            continue
        wrong = _unknown(name, reports[network])
        if wrong is not None:
            reader.no("E750", wrong[0], key, wrong[1])
            continue
        values = _values(reader, value, reports[network] if name == "input" else None)
        if values:
            choices.append(VaryChoice(key.text, values))
    return tuple(choices)


def _named(reports: Mapping[str, Report]) -> str:
    return "the networks are " + ", ".join(reports)


def _place(name: str, networks: Mapping[str, object]) -> tuple[str | None, str]:
    """Tell which network a name is about, and what of it."""
    if "" in networks:
        return "", name
    network, _, rest = name.partition("/")
    return (network if network in networks else None), rest


def _unknown(name: str, report: Report) -> tuple[str, str] | None:
    """Say what is wrong with a name, and a repair; None when it can be varied."""
    if name == "input":
        if sum(row.type == "input" for row in report.rows) == 1:
            return None
        return "`input` cannot be varied: there are several", "vary a constant that they use"
    path, dot, field = name.rpartition(".")
    constants = report.graph.spec.let
    if not dot:
        if name in constants:
            return None
        names = ["input", *constants]
        message = f"'{name}' is no constant of {report.name}"
        return message, did_you_mean(name, names) or "vary input, a constant, or conv1.kernel"
    row = next((row for row in report.rows if row.name == path), None)
    if row is None or row.layer is None:
        layers = [row.name for row in report.rows]
        hint = did_you_mean(path, layers) or "`shapecalc summarize --depth all` lists the layers"
        return f"there is no layer '{path}'", hint
    fields = [field.name for field in type(row.layer).fields()]
    if field in fields:
        return None
    hint = did_you_mean(field, fields) or f"it takes {', '.join(fields)}"
    return f"{row.type} has no field '{field}'", hint


def _values(reader: KeyReader, tree: Tree, report: Report | None) -> tuple[str, ...]:
    """Read the values of a name; of an input by its network's report."""
    items = tree.items if isinstance(tree, List) else (tree,)
    values: list[str] = []
    for item in items:
        if isinstance(item, YamlMap | List) or not item.text.strip():
            reader.no("E750", f"{describe(item)} is no value to choose", item, _VARY)
            continue
        words = _range(reader, item)
        values += [_input(word, report) if report is not None else word for word in words]
    values = list(dict.fromkeys(values))
    if len(values) > _MANY:
        message = f"{len(values):,} values are more than {_MANY:,}"
        reader.no("E750", message, tree, "take larger steps")
        return ()
    return tuple(values)


def _range(reader: KeyReader, item: Scalar) -> list[str]:
    text = item.text.strip()
    match = _RANGE.fullmatch(text)
    if match is None:
        if _VALUE.fullmatch(text):
            return [text]
        reader.no("E750", f"{describe(item)} is neither a value nor a range", item, _VARY)
        return []
    low, high, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if high < low or not step:
        reader.no("E750", f"the range {text} holds nothing", item, _VARY)
        return []
    if (high - low) // step >= _MANY:
        reader.no("E750", f"the range holds more than {_MANY:,} values", item, "take larger steps")
        return []
    return [str(value) for value in range(low, high + 1, step)]


def _input(word: str, report: Report | None) -> str:
    """Return an input's shape: one number is its sides."""
    assert report is not None
    shape = next(row.output for row in report.rows if row.type == "input")
    if word.isdecimal() and isinstance(shape, Map):
        return as_text(Map((int(word),) * len(shape.sides), shape.channels))
    return word


def variation_of(values: Mapping[str, str], network: str = "") -> Variation:
    """Return what values, by the names of choices, change in one network."""
    shape, constants, fields = "", {}, {}
    for full, value in values.items():
        name = full
        if network:
            if not full.startswith(f"{network}/"):
                continue
            name = full.removeprefix(f"{network}/")
        layer, dot, field = name.rpartition(".")
        if name == "input":
            shape = value
        elif dot:
            fields[layer, field] = value
        else:
            constants[name] = value
    return Variation(shape, constants, fields)
