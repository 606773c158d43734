"""The teacher's file: what is asked about which network, how it is counted, how it is marked.

title: AlexNet by hand
spec: alexnet                       # a shipped one, or a file beside this one
columns: [output, params, macs]
layers: [conv1, pool1, conv2]       # default: those that compute something or change the volume
given: {conv1: {output: 55x55x96}}  # filled in, not graded; or `given: {conv1: [output]}`
points: {macs: 2, fc6: {params: 3}}
conventions: {bias: counted, flops_per_mac: 2, kilobyte: 1024}
policy: {follow_through: 1/2, deduct: once}
due: 2026-11-20T23:59 +01:00
late: {deduct: 10% per day, grace: 15 min, until: 5 days}
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.api import build
from shapecalc.compose import compose
from shapecalc.errors import Complaints, SpecErrors, did_you_mean
from shapecalc.files import beside
from shapecalc.homework.assignment import (
    DEFAULT_COLUMNS,
    TOTAL,
    Homework,
    askable,
    assign,
    numeric,
)
from shapecalc.homework.conventions import Conventions, Policy, read_share
from shapecalc.homework.deadline import read_deadline
from shapecalc.homework.quantity import QUANTITIES, quantity_of
from shapecalc.propagate import propagate
from shapecalc.yamltree import List, Map, Scalar, describe, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.report import Report
    from shapecalc.source import Source
    from shapecalc.yamltree import Tree

#: The keys of the file.
KEYS = (
    "title",
    "note",
    "spec",
    "input",
    "set",
    "columns",
    "layers",
    "depth",
    "given",
    "points",
    "conventions",
    "policy",
    "due",
    "late",
)


class Word(NamedTuple):
    """A field that takes one of some words; each stands for a value."""

    values: Mapping[str, Any]


_CONVENTIONS: dict[str, Word | str] = {
    "bias": Word({"counted": True, "true": True, "left_out": False, "false": False}),
    "flops_per_mac": Word({"2": 2, "1": 1}),
    "operations": Word({"macs": "macs", "full": "full"}),
    "rounding": Word({"declared": "declared", "exact": "exact"}),
    "kilobyte": Word({"1000": 1000, "1024": 1024}),
    "element": Word({"4": 4, "1": 1, "2": 2, "8": 8}),
    "layout": Word({"either": "either", "hwc": "hwc", "chw": "chw"}),
}
_POLICY: dict[str, Word | str] = {
    "follow_through": "share",
    "cap": "share",
    "within": "factor",
    "other_convention": "share",
    "misconception": "share",
    "deduct": Word({"each": "each", "once": "once"}),
}


def read_homework(source: Source) -> Homework:
    """Read a teacher's file, and the network that it names.

    Raises `SpecErrors` with everything that is wrong with the file, or with the network.
    """
    tree = compose(source)
    reader = _Reader()
    if not isinstance(tree, Map):
        reader.no("E110", f"a homework is a map, not {describe(tree)}", tree, "begin with `spec:`")
        raise SpecErrors(reader.problems.told())
    homework = reader.homework(tree, source)
    if len(reader.problems):
        raise SpecErrors(reader.problems.told())
    assert homework is not None
    return homework


class _Reader:
    """Reads the keys; what is wrong is collected."""

    def __init__(self) -> None:
        self.problems = Complaints()

    def no(self, code: str, message: str, tree: Tree, hint: str = "") -> None:
        """Note a problem at a place."""
        self.problems.note(code, message, origin(tree), hint)

    def homework(self, tree: Map, source: Source) -> Homework | None:
        self.known(tree, KEYS)
        get = tree.items.get
        conventions = Conventions(**self.fields(get("conventions"), _CONVENTIONS))
        policy = Policy(**self.fields(get("policy"), _POLICY))
        columns = self.columns(get("columns"))
        depth = int(self.number(get("depth"), 1, most=50))
        deadline = read_deadline(get("due"), get("late"), self.problems)
        report = self.report(tree, source)
        if report is None:
            return None
        rows = [*askable(report, depth), TOTAL]
        layers = self.layers(get("layers"), rows)
        points, worth = self.points(get("points"), rows)
        given = self.given(get("given"), rows)
        if len(self.problems):
            return None
        return assign(
            report,
            title=self.text(get("title")),
            layers=layers,
            columns=columns,
            depth=depth,
            given=given,
            points=points,
            worth=worth,
            conventions=conventions,
            policy=policy,
            note=self.text(get("note")),
        )._replace(deadline=deadline)

    def report(self, tree: Map, source: Source) -> Report | None:
        """Compute the network, which a shipped spec or a file beside this one holds."""
        spec = tree.items.get("spec")
        if not isinstance(spec, Scalar) or not spec.text.strip():
            where, said = (tree, "is missing") if spec is None else (spec, "is a name")
            self.no(
                "E113", f"`spec` {said}: the network that is asked about", where, "spec: alexnet"
            )
            return None
        settings = {}
        given = tree.items.get("set")
        if isinstance(given, Map):
            settings = {key: self.text(value) for key, value in given.items.items()}
        elif given is not None:
            self.no("E110", f"`set` is a map of constants, not {describe(given)}", given)
        inputs = {"": self.text(tree.items["input"])} if "input" in tree.items else {}
        report = propagate(build(beside(spec.text, source), settings=settings, inputs=inputs))
        numeric(report)
        return report

    def known(self, tree: Map, keys: tuple[str, ...]) -> None:
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
        if isinstance(tree, Map) or not all(isinstance(item, Scalar) for item in items):
            self.no("E110", f"{what} are a list of names, not {describe(tree)}", tree)
            return []
        return [item for item in items if isinstance(item, Scalar)]

    def columns(self, tree: Tree | None) -> tuple[str, ...]:
        if tree is None:
            return DEFAULT_COLUMNS
        found = []
        for word in self.words(tree, "`columns`"):
            quantity = quantity_of(word.text)
            if quantity is None:
                hint = did_you_mean(word.text, QUANTITIES) or f"one of {', '.join(QUANTITIES)}"
                self.no("E704", f"'{word.text}' is nothing that can be asked", word, hint)
            else:
                found.append(quantity.key)
        return tuple(dict.fromkeys(found))

    def layer(self, word: Scalar, rows: list[str]) -> str | None:
        """Read a row's name."""
        if word.text in rows:
            return word.text
        hint = did_you_mean(word.text, rows) or "`shapecalc summarize` lists the layers"
        self.no("E704", f"there is no layer '{word.text}'", word, hint)
        return None

    def layers(self, tree: Tree | None, rows: list[str]) -> tuple[str, ...] | None:
        if tree is None:
            return None
        named = [self.layer(word, rows) for word in self.words(tree, "`layers`")]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def given(self, tree: Tree | None, rows: list[str]) -> list[tuple[str, str]]:
        """Read the cells that are filled in: a layer's columns."""
        found: list[tuple[str, str]] = []
        for key, columns in self.entries(tree, "given"):
            layer = self.layer(key, rows)
            if isinstance(columns, Map):
                words = list(columns.keys.values())
            else:
                words = self.words(columns, f"the given cells of {key.text}")
            for word in words:
                quantity = quantity_of(word.text)
                if quantity is None:
                    self.no("E704", f"'{word.text}' is nothing that can be asked", word)
                elif layer is not None:
                    found.append((layer, quantity.key))
        return found

    def points(
        self, tree: Tree | None, rows: list[str]
    ) -> tuple[dict[str, Fraction], dict[tuple[str, str], Fraction]]:
        """Read marks: of a column's cells, or of single cells of a layer."""
        columns: dict[str, Fraction] = {}
        cells: dict[tuple[str, str], Fraction] = {}
        for key, value in self.entries(tree, "points"):
            quantity = quantity_of(key.text)
            if isinstance(value, Map):
                layer = self.layer(key, rows)
                for word, each in zip(value.keys.values(), value.items.values(), strict=True):
                    asked = quantity_of(word.text)
                    if asked is None:
                        self.no("E704", f"'{word.text}' is nothing that can be asked", word)
                    elif layer is not None:
                        cells[layer, asked.key] = self.share(each, most=10**6)
            elif quantity is not None:
                columns[quantity.key] = self.share(value, most=10**6)
            else:
                hint = did_you_mean(key.text, QUANTITIES) or "`points: {macs: 2}`"
                self.no("E704", f"'{key.text}' is nothing that can be asked", key, hint)
        return columns, cells

    def entries(self, tree: Tree | None, key: str) -> list[tuple[Scalar, Tree]]:
        if tree is None:
            return []
        if not isinstance(tree, Map):
            self.no("E110", f"`{key}` is a map, not {describe(tree)}", tree)
            return []
        return list(zip(tree.keys.values(), tree.items.values(), strict=True))

    def fields(self, tree: Tree | None, known: Mapping[str, Word | str]) -> dict[str, Any]:
        """Read a map of settings."""
        readers: dict[str, Callable[[Tree], Any]] = {
            "share": self.share,
            "factor": lambda value: int(self.number(value, 4, least=1, most=1000)),
        }
        if tree is None:
            return {}
        if not isinstance(tree, Map):
            self.no("E110", f"a map of settings is expected, not {describe(tree)}", tree)
            return {}
        self.known(tree, tuple(known))
        found = {}
        for key, value in tree.items.items():
            kind = known.get(key)
            if isinstance(kind, str):
                found[key] = readers[kind](value)
            elif kind is not None:
                word = self.text(value)
                if word in kind.values:
                    found[key] = kind.values[word]
                else:
                    hint = did_you_mean(word, kind.values) or f"one of {', '.join(kind.values)}"
                    self.no("E110", f"{key} cannot be {describe(value)}", value, hint)
        return found

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
