"""What differs from student to student: the teacher's `vary`, and what a draw of it means.

vary:
  input: [224x224x3, 225x225x3]     # or sides of a square input: 195..259 step 8
  conv1.kernel: [9, 11]             # a field of a layer
  k: 64..96 step 16                 # a constant of the spec's `let`
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.networks import Variation
from shapecalc.layers.shape import Map, as_text
from shapecalc.text import List, Scalar, YamlMap, describe
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.homework.assignment.keys import KeyReader
    from shapecalc.report import Report
    from shapecalc.text import Tree

#: A choice has at most so many values.
MANY = 1000

_RANGE = re.compile(r"(\d{1,9})\s*\.\.\s*(\d{1,9})(?:\s+step\s+(\d{1,9}))?", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)
_FORM = "write a list, [64, 80, 96], or a range, 64..96 step 16"


class VaryChoice(NamedTuple):
    """A name, as the teacher's file has it, and the values that it may take."""

    name: str
    values: tuple[str, ...]


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
            reader.no("E750", f"{describe(item)} is no value to choose", item, _FORM)
            continue
        words = _range(reader, item)
        values += [_input(word, report) if report is not None else word for word in words]
    values = list(dict.fromkeys(values))
    if len(values) > MANY:
        message = f"{len(values):,} values are more than {MANY:,}"
        reader.no("E750", message, tree, "take larger steps")
        return ()
    return tuple(values)


def _range(reader: KeyReader, item: Scalar) -> list[str]:
    text = item.text.strip()
    match = _RANGE.fullmatch(text)
    if match is None:
        if _VALUE.fullmatch(text):
            return [text]
        reader.no("E750", f"{describe(item)} is neither a value nor a range", item, _FORM)
        return []
    low, high, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if high < low or not step:
        reader.no("E750", f"the range {text} holds nothing", item, _FORM)
        return []
    if (high - low) // step >= MANY:
        reader.no("E750", f"the range holds more than {MANY:,} values", item, "take larger steps")
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
