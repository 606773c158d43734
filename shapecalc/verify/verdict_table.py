"""Verdicts as tables and as JSON: a line a layer for one network, a line a network for several."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.layers.shape import as_list, as_text
from shapecalc.output.cells import NOT_APPLICABLE_MARK, TEXT, superscript
from shapecalc.output.report_table import Fact, Line, Table
from shapecalc.output.view import (
    Column,
)
from shapecalc.text.safe import printable
from shapecalc.verify.judge import LAWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.verify.judge import Verdict

#: The JSON form's name and version.
SCHEMA = "shapecalc.verdict/1"

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


def tabulate_verdict(verdict: Verdict) -> Table:
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
        title=printable(verdict.report.name) or "network",
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
        remarks=(f"Read from {printable(verdict.report.graph.spec.source.name)}.",),
    )


def tabulate_verdicts(verdicts: Sequence[Verdict]) -> Table:
    """Lay out a line a network; disagreements stand below."""
    asked = _asked(verdicts)
    lines: list[Line] = []
    notes: list[str] = []
    for verdict in verdicts:
        told = verdict.disagreements
        notes += [f"{verdict.report.name}, {each}" for each in told]
        marks = tuple(_mark(each.outcomes[law] for each in verdict.judged) for law in asked)
        cells = (printable(verdict.report.name), f"{len(verdict.judged):,}", *marks)
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


def verdicts_json(verdicts: Sequence[Verdict]) -> str:
    """Write every law's outcome, a line a layer: true, a disagreement in words, or null."""
    networks = []
    for verdict in verdicts:
        head = {
            "network": verdict.report.name,
            "seed": verdict.seed,
            "holds": not verdict.disagreements,
            "peak": {"bytes": verdict.peak, "report": verdict.stated_peak},
        }
        layers = [
            {
                "name": each.row.name,
                "type": each.row.type,
                "output": as_list(each.row.output),
                "laws": {law: True if said == "" else said for law, said in each.outcomes.items()},
            }
            for each in verdict.judged
        ]
        lines = ",\n".join(f"    {json.dumps(layer)}" for layer in layers)
        networks.append(f'  {json.dumps(head)[:-1]}, "layers": [\n{lines}\n  ]}}')
    body = ",\n".join(networks)
    return f'{{"schema": {json.dumps(SCHEMA)}, "networks": [\n{body}\n]}}\n'


def verdicts_csv(verdicts: Sequence[Verdict]) -> str:
    """Write a line a layer: true, a disagreement in words, or nothing where nothing was asked."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("network", "layer", "type", "output", *LAWS))
    for verdict in verdicts:
        for row, said in verdict.judged:
            told = (None if each is None else each or "true" for each in said.values())
            names = (printable(verdict.report.name), row.name, row.type, as_text(row.output))
            writer.writerow((*names, *told))
    return file.getvalue()
