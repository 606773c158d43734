"""The teacher's file: what is asked about which network, how it is counted, how it is marked.

title: AlexNet by hand
spec: alexnet                       # a shipped one, or a file beside this one
columns: [output, params, macs]
layers: [conv1, pool1, conv2]       # default: those that compute something or change the volume
language: de                        # of sheets and feedback: de, es; default: en
picture: volumes                    # or graph: on sheets, with what is asked left blank
given: {conv1: {output: 55x55x96}}  # filled in, not graded; or `given: {conv1: [output]}`
points: {macs: 2, fc6: {params: 3}}
accept: {conv1: {params: {34848: as the slides have it}}}
conventions: {bias: counted, flops_per_mac: 2, kilobyte: 1024}
policy: {follow_through: 1/2, deduct: once}
due: 2026-11-20T23:59 +01:00
late: {deduct: 10% per day, grace: 15 min, until: 5 days}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.conventions import Conventions, Policy
from shapecalc.homework.assignment.deadline import read_deadline
from shapecalc.homework.assignment.headings import quantity_of
from shapecalc.homework.assignment.keys import (
    KeyReader,
    OneOfWords,
    given_as_written,
    read_alternates,
    read_choices,
    variation_of,
)
from shapecalc.homework.assignment.model import (
    DEFAULT_COLUMNS,
    TOTAL,
    Homework,
    askable,
    assign,
    is_total,
)
from shapecalc.homework.assignment.networks import Variation, network, together
from shapecalc.homework.assignment.quantities import QUANTITIES, no_field
from shapecalc.homework.languages import LANGUAGES
from shapecalc.spec.find import beside, find_homework
from shapecalc.spec.yaml_compose import compose
from shapecalc.text import Scalar, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction

    from shapecalc.report import Report
    from shapecalc.text import Origin, Source, Tree

#: The keys of the file.
KEYS = (
    "title",
    "language",
    "note",
    "spec",
    "specs",
    "input",
    "set",
    "unknown",
    "vary",
    "windows",
    "columns",
    "layers",
    "picture",
    "depth",
    "given",
    "points",
    "accept",
    "conventions",
    "policy",
    "due",
    "late",
)

#: What sheets may show the network as.
PICTURES = {"volumes": "volumes", "graph": "graph"}

_LANGUAGES = {code: code for code in LANGUAGES}
_CONVENTIONS: dict[str, OneOfWords | str] = {
    "bias": OneOfWords({"counted": True, "true": True, "left_out": False, "false": False}),
    "flops_per_mac": OneOfWords({"2": 2, "1": 1}),
    "operations": OneOfWords({"macs": "macs", "full": "full"}),
    "rounding": OneOfWords({"declared": "declared", "exact": "exact"}),
    "digits": OneOfWords({str(number): number for number in range(1, 16)}),
    "kilobyte": OneOfWords({"1000": 1000, "1024": 1024}),
    "element": OneOfWords({"4": 4, "1": 1, "2": 2, "8": 8}),
    "layout": OneOfWords({"either": "either", "hwc": "hwc", "chw": "chw"}),
}
_POLICY: dict[str, OneOfWords | str] = {
    "follow_through": "share",
    "cap": "share",
    "within": "factor",
    "other_convention": "share",
    "misconception": "share",
    "deduct": OneOfWords({"each": "each", "once": "once"}),
    "accepted": OneOfWords({"right": "right", "other_convention": "right_other_convention"}),
}


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", re.ASCII)


class NetworkEntry(NamedTuple):
    """A network that is asked about: its name among several, its spec, and what it is given.

    `places` are where that stands, by the option that would give it on a command line.
    """

    name: str
    spec: Scalar
    variation: Variation
    places: Mapping[str, Origin] = {}

    def report(
        self, source: Source, values: Mapping[str, str], unknown: Sequence[str] = ()
    ) -> Report:
        """Compute the network of a variant's values.  Raises `SpecErrors`, in the homework."""
        variation = self.variation.with_(variation_of(values, self.name))
        try:
            return network(beside(self.spec.text, source), variation, unknown)
        except SpecErrors as error:
            raise SpecErrors(
                problem._replace(origin=self.places.get(problem.origin.source.name, problem.origin))
                if problem.origin is not None
                else problem
                for problem in error.problems
            ) from None


def read_homework(source: Source, values: Mapping[str, str] | None = None) -> Homework:
    """Read a teacher's file, and the networks that it names.

    `values` are a variant's, by the names that `vary` has.  Raises `SpecErrors` with everything
    that is wrong with the file, or with a network.
    """
    tree = compose(source)
    reader = _TeacherReader()
    if not isinstance(tree, YamlMap):
        reader.no("E110", f"a homework is a map, not {describe(tree)}", tree, "begin with `spec:`")
        raise SpecErrors(reader.problems.in_order())
    homework = reader.homework(tree, source, values or {})
    if len(reader.problems):
        raise SpecErrors(reader.problems.in_order())
    assert homework is not None
    return homework


def language_in(homework: str | Source) -> str:
    """Return the language that a teacher's file names, before anything of it is judged.

    "" for one that names none, and for a file with mistakes, which are told when all is read.
    """
    try:
        tree = compose(find_homework(homework) if isinstance(homework, str) else homework)
    except SpecErrors:
        return ""
    word = tree.items.get("language") if isinstance(tree, YamlMap) else None
    return word.text if isinstance(word, Scalar) and word.text in LANGUAGES else ""


class _TeacherReader(KeyReader):
    """Reads the keys of a homework."""

    def homework(self, tree: YamlMap, source: Source, values: Mapping[str, str]) -> Homework | None:
        self.known(tree, KEYS)
        get = tree.items.get
        conventions = Conventions(**self.fields(get("conventions"), _CONVENTIONS))
        policy = Policy(**self.fields(get("policy"), _POLICY))
        columns = self.columns(get("columns"))
        entries = self.entries_of(tree)
        depth = int(self.number(get("depth"), 1, most=50))
        deadline = read_deadline(get("due"), get("late"), self.problems)
        if not entries:
            return None
        reports = {entry.name: entry.report(source, values) for entry in entries}
        several = "" not in reports
        report, networks = together(reports) if several else (reports[""], {})
        unknown = self.unknown(get("unknown"), report, picture=get("picture"), several=several)
        written = entries[0].report(source, values, unknown) if unknown else None
        depth += several and depth > 0
        rows = [*askable(report, depth), TOTAL, *(f"{name}/{TOTAL}" for name in networks)]
        layers = self.layers(get("layers"), rows)
        points, worth = self.points(get("points"), rows)
        filled_in = self.filled_in(get("given"), rows)
        accepted = read_alternates(self, get("accept"), rows, askable(report, depth))
        choices = read_choices(self, get("vary"), reports)
        picture = self.word(get("picture"), "picture", PICTURES) or ""
        language = self.word(get("language"), "language", _LANGUAGES) or ""
        windows = self.word(get("windows"), "windows", {"as_given": False, "any": True}) or False
        if accepted and choices:
            hint = "leave one of them out"
            message = "`accept` names values of one variant, and `vary` makes others"
            self.no("E757", message, tree.keys["accept"], hint)
        if conventions.digits and conventions.rounding == "exact":
            message = "`rounding: exact` and `digits` exclude each other"
            self.no("E110", message, tree.keys["conventions"], "leave one of them out")
        if conventions.flops_per_mac == 1 and conventions.operations == "full":
            message = "`operations: full` counts 2 per multiply-accumulate"
            self.no("E110", message, tree.keys["conventions"], "leave out `flops_per_mac: 1`")
        if len(self.problems):
            return None
        made = assign(
            report,
            title=self.text(get("title")),
            layers=layers,
            columns=columns,
            depth=depth,
            filled_in=filled_in,
            points=points,
            worth=worth,
            conventions=conventions,
            policy=policy,
            note=self.text(get("note")),
            networks=networks,
            accepted=accepted,
            variation=tuple(values.items()),
        )._replace(
            choices=choices,
            any_window=windows,
            deadline=deadline,
            picture=picture,
            written=askable(written, depth) if written is not None else {},
            language=language,
        )
        if not values:  # a variant's cells are others
            given_as_written(self, get("given"), made)
        self.without_sums(tree)
        self.with_fields(get("columns"), made)
        if not made.cells and not len(self.problems):
            hint = "name layers that have what the columns ask for"
            self.no("E704", "the homework asks for nothing", tree, hint)
        return made

    def without_sums(self, tree: YamlMap) -> None:
        """Complain (E704) about totals of what has none."""
        for section in ("points", "given", "accept"):
            of = tree.items.get(section)
            for key, value in of.items.items() if isinstance(of, YamlMap) else ():
                if not is_total(key) or not isinstance(value, YamlMap):
                    continue
                for word in value.keys.values():
                    quantity = quantity_of(word.text)
                    if quantity is not None and quantity.total is None:
                        message = f"{quantity.title} has no total that could be asked for"
                        self.no("E704", message, word, f"leave it out: `{key}` sums what adds up")

    def with_fields(self, tree: Tree | None, made: Homework) -> None:
        """Complain (E704) where receptive fields are asked for that are no one number."""
        rows = [
            made.rows[cell.layer]
            for cell in made.cells
            if cell.quantity.key == "rf" and cell.key is None and not is_total(cell.layer)
        ]
        open_ = {row.name: no_field(row) for row in rows if no_field(row)}
        if tree is not None and open_:
            name, reason = next(iter(open_.items()))
            hint = "leave rf out of `columns`, or name other `layers`"
            self.no("E704", f"rf of {name} is no number: {reason}", tree, hint)

    def entries_of(self, tree: YamlMap) -> list[NetworkEntry]:
        """Read which networks are asked about: `spec`, or several `specs`."""
        several = tree.items.get("specs")
        if several is None:
            entry = self.entry(tree, tree, "")
            return [entry] if entry is not None else []
        for key in ("spec", "input", "set"):
            if key in tree.items:
                hint = "write `specs: {alexnet: {spec: alexnet, input: 224x224x3}}`"
                self.no("E111", f"`{key}` does not go with `specs`", tree.keys[key], hint)
        entries = []
        if isinstance(several, YamlMap):
            for name, item in several.items.items():
                if isinstance(item, YamlMap):
                    self.known(item, ("spec", "input", "set"))
                    entries.append(self.entry(item, item, name))
                else:
                    entries.append(self.entry(None, item, name))
        else:
            words = self.words(several, "`specs`")
            entries += [self.entry(None, word, _stem(word.text)) for word in words]
        names = [entry.name for entry in entries if entry is not None]
        for name in dict.fromkeys(names):
            if names.count(name) > 1 or not _NAME.fullmatch(name):
                wrong = "stands twice" if names.count(name) > 1 else "is no name"
                hint = "give each a name: `specs: {small: net.yaml, large: net2.yaml}`"
                self.no("E756", f"the network '{name}' {wrong}", several, hint)
        if not names and not len(self.problems):
            self.no("E113", "`specs` names no network", several, "specs: [alexnet, vgg16]")
        return [entry for entry in entries if entry is not None]

    def entry(self, tree: YamlMap | None, where: Tree, name: str) -> NetworkEntry | None:
        """Read a network: its spec, another input, other constants."""
        spec = tree.items.get("spec") if tree is not None else where
        if not isinstance(spec, Scalar) or not spec.text.strip():
            at, wrong = (where, "is missing") if spec is None else (spec, "is a name")
            self.no("E113", f"`spec` {wrong}: the network that is asked about", at, "spec: alexnet")
            return None
        items = tree.items if tree is not None else {}
        constants, settings = items.get("set"), {}
        if isinstance(constants, YamlMap):
            settings = {key: self.text(value) for key, value in constants.items.items()}
        elif constants is not None:
            self.no("E110", f"`set` is a map of constants, not {describe(constants)}", constants)
        shape = items.get("input")
        variation = Variation(self.text(shape), settings)
        places = {f"--input {variation.input}": origin(shape)} if shape is not None else {}
        if isinstance(constants, YamlMap):
            places |= {
                f"--set {key}={settings[key]}": origin(value)
                for key, value in constants.items.items()
            }
        return NetworkEntry(name, spec, variation, places)

    def columns(self, tree: Tree | None) -> tuple[str, ...]:
        if tree is None:
            return DEFAULT_COLUMNS
        keys = []
        for word in self.words(tree, "`columns`"):
            quantity = quantity_of(word.text)
            if quantity is None:
                hint = did_you_mean(word.text, QUANTITIES) or f"one of {', '.join(QUANTITIES)}"
                self.no("E704", f"'{word.text}' is nothing that can be asked", word, hint)
            else:
                keys.append(quantity.key)
        return tuple(dict.fromkeys(keys))

    def layers(self, tree: Tree | None, rows: list[str]) -> tuple[str, ...] | None:
        if tree is None:
            return None
        named = [self.layer(word, rows) for word in self.words(tree, "`layers`")]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    def unknown(
        self, tree: Tree | None, report: Report, *, picture: Tree | None, several: bool
    ) -> tuple[str, ...]:
        """Read the constants that are to be found out: sheets write them by their names."""
        words = self.words(tree, "`unknown`") if tree is not None else []
        constants = report.graph.spec.let
        for word in words:
            if several:
                hint = "ask about one network"
                self.no("E111", "`unknown` does not go with `specs`", word, hint)
            elif picture is not None:
                hint = "leave out `picture`"
                self.no(
                    "E111", "`unknown` does not go with a picture, which is drawn of it", word, hint
                )
            elif word.text not in constants:
                hint = did_you_mean(word.text, constants) or "name one of its `let`"
                self.no("E116", f"'{word.text}' is no constant of {report.name}", word, hint)
        return () if len(self.problems) else tuple(word.text for word in words)

    def filled_in(self, tree: Tree | None, rows: list[str]) -> list[tuple[str, str]]:
        """Read the cells that are filled in: a layer's columns."""
        addresses: list[tuple[str, str]] = []
        for key, columns in self.entries(tree, "given"):
            layer = self.layer(key, rows)
            if isinstance(columns, YamlMap):
                words = list(columns.keys.values())
            else:
                words = self.words(columns, f"the given cells of {key.text}")
            for word in words:
                quantity = quantity_of(word.text)
                if quantity is None:
                    self.no("E704", f"'{word.text}' is nothing that can be asked", word)
                elif layer is not None:
                    addresses.append((layer, quantity.key))
        return addresses

    def points(
        self, tree: Tree | None, rows: list[str]
    ) -> tuple[dict[str, Fraction], dict[tuple[str, str], Fraction]]:
        """Read marks: of a column's cells, or of single cells of a layer."""
        columns: dict[str, Fraction] = {}
        cells: dict[tuple[str, str], Fraction] = {}
        for key, value in self.entries(tree, "points"):
            quantity = quantity_of(key.text)
            if isinstance(value, YamlMap):
                layer = self.layer(key, rows)
                for word, points in zip(value.keys.values(), value.items.values(), strict=True):
                    column = quantity_of(word.text)
                    if column is None:
                        self.no("E704", f"'{word.text}' is nothing that can be asked", word)
                    elif layer is not None:
                        cells[layer, column.key] = self.share(points, most=10**6)
            elif quantity is not None:
                columns[quantity.key] = self.share(value, most=10**6)
            else:
                hint = did_you_mean(key.text, QUANTITIES) or "`points: {macs: 2}`"
                self.no("E704", f"'{key.text}' is nothing that can be asked", key, hint)
        return columns, cells


def _stem(path: str) -> str:
    """Return a file's name without its folder and suffix."""
    return path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml")
