"""Verdicts as tables: a line a layer for one network, a line a network for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.shape import as_text
from shapecalc.output.cells import NOT_APPLICABLE_MARK, TEXT, superscript
from shapecalc.output.table import Fact, Line, Table
from shapecalc.output.view import Column
from shapecalc.text.safe import one_line
from shapecalc.verify.judge import LAWS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.verify.judge import Verdicts

HOLDS, FAILS = "\N{CHECK MARK}", "\N{BALLOT X}"


def _column(title: str, meaning: str = "") -> Column:
    return Column(title, title, meaning, TEXT, lambda row, view: row)


def _asked(verdicts: Sequence[Verdict]) -> list[str]:
    """List the laws that were asked of any layer."""
    said = [each.outcomes for verdict in verdicts for each in verdict.judged]
    return [law for law in LAWS if any(each[law] is not None for each in said)]


def _mark(said: Iterable[str | None]) -> str:
    """Return a tick where all that was asked holds, a cross, or the mark for nothing asked."""
    told = [each for each in said if each is not None]
    if not told:
        return NOT_APPLICABLE_MARK
    return FAILS if any(told) else HOLDS


def tabulate(judged: Verdicts | Verdict, width: int | None = None) -> Table:
    """Lay out one network layer by layer, several as a line each; every column stays."""
    if isinstance(judged, Verdict):
        return _layers(judged)
    return _layers(judged[0]) if len(judged) == 1 else _networks(judged)


def _layers(verdict: Verdict) -> Table:
    """Lay out what the laws say of every layer; disagreements stand below, numbered."""
    asked = _asked([verdict])
    lines: list[Line] = []
    notes: list[str] = []
    for each in verdict.judged:
        told = [said for said in each.outcomes.values() if said]
        if told:
            notes.append(f"{superscript(len(notes) + 1)} {each.row.name}: {'; '.join(told)}")
        cells = (each.row.name, each.row.type, as_text(each.row.output))
        marks = tuple(_mark([each.outcomes[law]]) for law in asked)
        lines.append(Line((*cells, *marks), superscript(len(notes)) if told else ""))
    totals = tuple(_mark(each.outcomes[law] for each in verdict.judged) for law in asked)
    return Table(
        title=one_line(verdict.report.name) or "network",
        about=(f"Run forward by the referee: random weights, seed {verdict.seed}, float32.",),
        columns=tuple(map(_column, ("layer", "type", "output", *asked))),
        header=("layer", "type", "output", *asked),
        lines=tuple(lines),
        footer=("all", "", "", *totals),
        facts=(
            Fact("checks that hold", f"{verdict.held:,}"),
            Fact("disagreements", f"{len(verdict.disagreements):,}"),
            Fact("activations, peak: alive at once", "", _bytes(verdict.peak)),
            Fact("activations, peak: the report", "", _bytes(verdict.stated_peak)),
        ),
        notes=tuple(notes),
        legend=_legend(asked),
        remarks=(f"Read from {one_line(verdict.report.graph.spec.source.name)}.",),
    )


def _networks(verdicts: Sequence[Verdict]) -> Table:
    """Lay out a line a network; disagreements stand below."""
    asked = _asked(verdicts)
    lines: list[Line] = []
    notes: list[str] = []
    for verdict in verdicts:
        told = verdict.disagreements
        notes += [f"{verdict.report.name}, {each}" for each in told]
        marks = tuple(_mark(each.outcomes[law] for each in verdict.judged) for law in asked)
        cells = (one_line(verdict.report.name), f"{len(verdict.judged):,}", *marks)
        lines.append(Line((*cells, _mark([verdict.peak_outcome]))))
    wrong = sum(bool(verdict.disagreements) for verdict in verdicts)
    header = ("network", "layers", *asked, "peak")
    layers = sum(len(verdict.judged) for verdict in verdicts)
    return Table(
        title=f"{len(verdicts)} networks",
        about=(f"Run forward by the referee: random weights, seed {verdicts[0].seed}, float32.",),
        columns=tuple(map(_column, header)),
        header=header,
        lines=tuple(lines),
        footer=("all", f"{layers:,}", *("",) * (len(asked) + 1)),
        facts=(
            Fact("checks that hold", f"{sum(each.held for each in verdicts):,}"),
            Fact("networks that agree", f"{len(verdicts) - wrong:,} of {len(verdicts):,}"),
        ),
        notes=tuple(notes),
        legend=(*_legend(asked), ("peak", "the most bytes of activations alive at once")),
        remarks=(),
    )


def _bytes(count: int | None) -> str:
    return NOT_APPLICABLE_MARK if count is None else f"{count:,} bytes"


def _legend(asked: list[str]) -> tuple[tuple[str, str], ...]:
    """Explain the laws and the marks."""
    marks = (
        (HOLDS, "what was done is what the report says"),
        (FAILS, "it is not: see the notes"),
        (NOT_APPLICABLE_MARK, "nothing to compare"),
    )
    return (*((law, LAWS[law]) for law in asked), *marks)
