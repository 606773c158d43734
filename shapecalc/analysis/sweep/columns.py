"""The columns of a sweep: totals of the network, and values of layers (`conv1.output`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.counting import OF_NETWORK, SHORT
from shapecalc.errors import Problem, SpecErrors
from shapecalc.layers.shape import SIDE_NAMES, Shape
from shapecalc.output.cells import NUMBER, CellKind
from shapecalc.output.columns import BY_WORD, COLUMNS, KINDS
from shapecalc.report import UNKNOWN, Report, Row
from shapecalc.report.fold import fold
from shapecalc.report.receptive_field import AtMost
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.output.view import Column, View

#: The extents of a shape, and the order of their columns.
EXTENTS = ("length", "depth", "height", "width", "channels")
#: Columns whose values have parts.
SHAPED = ("output", "rf")
DEFAULT = "params,macs,activations,peak,output"


class NeedsNumbersError(Exception):
    """A value that no formula gives: the sweep asks again without symbols."""


class SweepColumn(NamedTuple):
    """A column of a sweep.

    `name` is the machine name; a shape's extents are columns of their own, `name.height` and so
    on.  `layer` is empty for a value of the whole network.  `column` is the report's, if it has it.
    """

    name: str
    title: str
    meaning: str
    kind: CellKind
    layer: str = ""
    column: Column | None = None

    @property
    def shaped(self) -> bool:
        """Whether the value has extents."""
        return self.kind.name in ("shape", "sides")

    @property
    def counts_bytes(self) -> bool:
        """Whether the value depends on the types of numbers, and on the batch."""
        return self.kind.name == "bytes"

    @property
    def extent(self) -> bool:
        """Whether it is an extent by itself, which has no unit."""
        return self.column is None and self.name not in OF_NETWORK

    @property
    def of_end(self) -> bool:
        """Whether it is a value of the network's only output."""
        totals = self.name in OF_NETWORK or (self.column and self.column.total is not None)
        return not self.layer and not totals

    def values(self, report: Report, view: View) -> Mapping[str, Dim] | None:
        """Return the value, by the name of its extent where it has any; None: there is none.

        Raises `NeedsNumbersError` where with symbols no one formula gives it.
        """
        own = OF_NETWORK.get(self.name)
        if own is not None:
            return {"": own.of_all(report.totals, view)}
        if not self.layer and self.column is not None and self.column.total is not None:
            return {"": self.column.total(report.totals, view)}
        row = _row(report, self.layer)
        if row is None:
            return None
        return self._of(row, report, view)

    def _of(self, row: Row, report: Report, view: View) -> Mapping[str, Dim] | None:
        if self.column is None:  # an extent by itself
            extent = extents(row.output).get(self.name.rpartition(".")[2])
            return None if extent is None else {"": extent}
        value = self.column.of_row(row, view, report.totals)
        if value is UNKNOWN or (report.graph.symbols and isinstance(value, AtMost)):
            raise NeedsNumbersError
        if value is None:
            return None
        if self.kind.name == "shape":
            return extents(value)  # type: ignore[arg-type]
        if self.kind.name == "sides":
            words = SIDE_NAMES[len(value)]  # type: ignore[arg-type]
            return dict(zip(words, value, strict=True))  # type: ignore[call-overload]
        return {"": value}  # type: ignore[dict-item]


def extents(shape: Shape) -> dict[str, Dim]:
    """Return a shape's extents by their names."""
    words = SIDE_NAMES[len(shape.sides)] if shape.sides else ()
    return {**dict(zip(words, shape.sides, strict=True)), "channels": shape.channels}


def _row(report: Report, layer: str) -> Row | None:
    """Return the row of a layer or of a block; of the network's only output without a name."""
    if not layer:
        ends = report.graph.outputs
        return report.rows[ends[0]] if len(ends) == 1 else None
    for row in report.rows:
        if row.name == layer:
            return row
    if layer in report.graph.groups:
        for row in fold(report, layer.count("/") + 1):
            if row.name == layer:
                return row
    return None


def asks_for_fields(text: str | None) -> bool:
    """Tell whether columns that are asked for are about receptive fields."""
    words = {part.strip().rpartition(".")[2].lower() for part in (text or DEFAULT).split(",")}
    sides = [column for column in COLUMNS if column.kind.name == "sides"]
    return any(words & {column.name, column.key, column.title.lower()} for column in sides)


def machine_name(word: str, view: View) -> str:
    """Return the machine name of what a word asks for; the word itself where it asks for nothing.

    >>> from shapecalc.output.view import View
    >>> machine_name("peak", View()), machine_name("conv1.rf", View())
    ('peak_activations', 'conv1.receptive_field')
    """
    layer, dot, value = word.rpartition(".")
    if not dot:
        return total_words(view).get(word.lower(), word)
    column = layer_words(view).get(value.lower())
    return word if column is None else f"{layer}.{column.name}"


def total_words(view: View) -> dict[str, str]:
    """Return the words for totals, with the machine name of each."""
    columns = [column for column in COLUMNS if column.summed]
    words = {
        word: column.name
        for column in columns
        for word in (column.name, column.key, column.title.lower())
        if column.there(view)
    }
    return {**words, **{name: name for name in OF_NETWORK}, **SHORT, "output": "output"}


def layer_words(view: View) -> dict[str, Column | None]:
    """Return the words for a layer's values; None for an extent of its output."""
    words: dict[str, Column | None] = {
        word: column
        for column in COLUMNS
        if (column.kind.name in ("number", "bytes") and not column.share) or column.key in SHAPED
        for word in (column.name, column.key, column.title.lower())
        if column.there(view)
    }
    return {**words, **dict.fromkeys(EXTENTS)}


def read_measures(
    text: str | None, view: View, report: Report, also: Collection[str] = ()
) -> tuple[SweepColumn, ...]:
    """Read columns, separated by commas, for networks like the one of the report.

    `also` are layers that others of the networks have.  Raises `SpecErrors` with every word that
    is not known (E301).
    """
    columns: dict[str, SweepColumn] = {}
    problems: list[Problem] = []
    source = Source(f"--columns {text or DEFAULT}", text or DEFAULT)
    usual = f"{source.text},".startswith(f"{DEFAULT},")  # also with what conditions are about
    end = -1
    for part in source.text.split(","):
        start, end = end + 1, end + 1 + len(part)
        word = part.strip()
        if usual and word == "output" and len(report.graph.outputs) > 1:
            for index in report.graph.outputs:
                column = _of_layer(f"{report.rows[index].name}.output", view, report, also)
                columns[column.name] = column
            continue
        try:
            if "." in word:
                column = _of_layer(word, view, report, also)
            else:
                column = _of_all(word, view, report)
            columns[column.name] = column
        except _UnknownColumnError as error:
            start += len(part) - len(part.lstrip())
            origin = Origin(source, Span(0, start, 0, start + len(word)))
            problems.append(Problem("E301", error.message, origin, hint=error.hint))
    if problems:
        raise SpecErrors(problems)
    return tuple(columns.values())


class _UnknownColumnError(Exception):
    """A word for no column, in the words that the user reads."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def _of_all(word: str, view: View, report: Report) -> SweepColumn:
    words = total_words(view)
    name = words.get(word.lower())
    if name is None:
        raise _unknown_total(word, words, view)
    if name == "output" and len(report.graph.outputs) > 1:
        ends = ", ".join(f"{report.rows[i].name}.output" for i in report.graph.outputs)
        message = f"the network has {len(report.graph.outputs)} outputs"
        raise _UnknownColumnError(message, f"say which: {ends}")
    own = OF_NETWORK.get(name)
    if own is not None:
        return SweepColumn(name, own.title, own.meaning, KINDS[own.kind])
    column = BY_WORD[name.lower()]
    meaning = "the network's output" if name == "output" else column.meaning
    return SweepColumn(name, column.title, meaning, column.kind, "", column)


def _unknown_total(word: str, words: Mapping[str, str], view: View) -> _UnknownColumnError:
    if word == "count":
        from shapecalc.counting.profiles import PROFILES

        message = "the column 'count' needs a profile to count by"
        return _UnknownColumnError(message, "add --profile " + ", ".join(PROFILES))
    column = BY_WORD.get(word.lower())
    if column is not None:
        hint = f"say of which layer: conv1.{column.key}"
        if column.key not in layer_words(view):
            hint = "a sweep shows numbers: " + ", ".join(dict.fromkeys(words.values()))
        return _UnknownColumnError(f"the network as a whole has no '{column.key}'", hint)
    message = f"unknown column '{word}'" if word else "a column's name is missing"
    hint = did_you_mean(word, words) or (
        "the totals are " + ", ".join(dict.fromkeys(words.values())) + "; of a layer: conv1.output"
    )
    return _UnknownColumnError(message, hint)


def _of_layer(word: str, view: View, report: Report, also: Collection[str]) -> SweepColumn:
    layer, _, key = word.rpartition(".")
    words = layer_words(view)
    whole = layer == "output" and _row(report, layer) is None and len(report.graph.outputs) == 1
    if whole and key.lower() in EXTENTS:
        extent = key.lower()
        return SweepColumn(f"output.{extent}", extent, f"{extent} of the network's output", NUMBER)
    if layer not in also and _row(report, layer) is None:
        known = [*(row.name for row in report.rows), *report.graph.groups, *also]
        hint = did_you_mean(layer, known) or (
            "`shapecalc summarize SPEC --depth all` lists the layers"
        )
        raise _UnknownColumnError(f"there is no layer '{layer}'", hint)
    if key.lower() not in words:
        names = dict.fromkeys(column.key if column else "" for column in words.values())
        known = [*filter(None, names), *EXTENTS]
        hint = did_you_mean(key, known) or "a layer has " + ", ".join(known)
        raise _UnknownColumnError(f"a layer has no column '{key}' to sweep", hint)
    column = words[key.lower()]
    if column is None:
        extent = key.lower()
        meaning = f"{extent} of the output of {layer}"
        return SweepColumn(f"{layer}.{extent}", f"{layer} {extent}", meaning, NUMBER, layer)
    name, title = f"{layer}.{column.name}", f"{layer} {column.title}"
    return SweepColumn(name, title, f"{layer}: {column.meaning}", column.kind, layer, column)


def column_help() -> list[tuple[str, str]]:
    """List the columns of a sweep with their meanings."""
    from shapecalc.counting.profiles import PROFILES
    from shapecalc.output.view import View

    view = View(profile=next(iter(PROFILES.values())))
    totals = dict.fromkeys(total_words(view).values())
    meanings = {name: (OF_NETWORK.get(name) or BY_WORD[name]).meaning for name in totals}
    of_layers = {c.key: c.meaning for c in layer_words(view).values() if c is not None}
    of_layers |= dict.fromkeys(EXTENTS, "an extent of the output")
    return [
        *meanings.items(),
        *((f"LAYER.{key}", meaning) for key, meaning in of_layers.items()),
    ]
