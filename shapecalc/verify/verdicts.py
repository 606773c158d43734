"""Verdicts as tables, a line a layer for one network, a line each for several; and as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers.shape import as_list, as_text
from shapecalc.output.cells import NOT_APPLICABLE_MARK, superscript
from shapecalc.output.records import Records, Rows
from shapecalc.output.report_records import chosen_data
from shapecalc.output.row_choice import chosen, left_out
from shapecalc.output.table import Fact, Head, Line, Table, fitted
from shapecalc.output.view import View
from shapecalc.text.safe import one_line
from shapecalc.verify.judge import LAWS, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.report import Row
    from shapecalc.verify.judge import JudgedLayer, Verdicts

HOLDS, FAILS = "\N{CHECK MARK}", "\N{BALLOT X}"


#: What a narrow page leaves out, in this order.
_DROPS = {"type": 1, "output": 2, "layers": 1}


def _heads(header: Sequence[str]) -> tuple[Head, ...]:
    return tuple(Head("", extents=title == "output", drop=_DROPS.get(title, 0)) for title in header)


def _checked_laws(verdicts: Sequence[Verdict]) -> list[str]:
    """List the laws that were asked of any layer."""
    outcomes = [layer.outcomes for verdict in verdicts for layer in verdict.judged]
    return [law for law in LAWS if any(outcome[law] is not None for outcome in outcomes)]


def _mark(outcomes: Iterable[str | None]) -> str:
    """Return a tick where all that was asked holds, a cross, or the mark for nothing asked."""
    answers = [outcome for outcome in outcomes if outcome is not None]
    if not answers:
        return NOT_APPLICABLE_MARK
    return FAILS if any(answers) else HOLDS


def tabulate(judged: Verdicts | Verdict, view: View = View(), width: int | None = None) -> Table:
    """Lay out one network layer by layer, several as a line each; every law stays."""
    verdicts: Sequence[Verdict] = (judged,) if isinstance(judged, Verdict) else judged
    table = _layers(verdicts[0], view) if len(verdicts) == 1 else _networks(verdicts)
    return fitted(table, width)


def _shown(verdict: Verdict, view: View) -> tuple[JudgedLayer, ...]:
    """Return the layers that a view shows, and all that disagree."""
    if view.choice is None:
        return verdict.judged

    def of(layer: JudgedLayer) -> tuple[Row, ...]:
        return (layer.row,)

    shown = {
        layer.row.name for layer in chosen((verdict.report,), verdict.judged, of, view.choice, 0)
    }
    return tuple(
        layer for layer in verdict.judged if layer.row.name in shown or any(layer.outcomes.values())
    )


def _left_out(view: View, shown: int, of: int) -> tuple[str, ...]:
    """Say which layers are not shown."""
    if view.choice is None:
        return ()
    return (left_out(view.choice, shown, of), "A layer that disagrees is always shown.")


def _layers(verdict: Verdict, view: View) -> Table:
    """Lay out what the laws say of every layer; disagreements stand below, numbered."""
    laws = _checked_laws([verdict])
    lines: list[Line] = []
    notes: list[str] = []
    shown = _shown(verdict, view)
    for layer in shown:
        disagreements = [outcome for outcome in layer.outcomes.values() if outcome]
        if disagreements:
            notes.append(
                f"{superscript(len(notes) + 1)} {layer.row.name}: {'; '.join(disagreements)}"
            )
        cells = (layer.row.name, layer.row.type, as_text(layer.row.output))
        marks = tuple(_mark([layer.outcomes[law]]) for law in laws)
        lines.append(Line((*cells, *marks), superscript(len(notes)) if disagreements else ""))
    header = ("layer", "type", "output", *laws)
    totals = tuple(_mark(layer.outcomes[law] for layer in verdict.judged) for law in laws)
    return Table(
        title=one_line(verdict.report.name) or "network",
        about=(f"Run forward by the referee: {verdict.weights_words}, float32.",),
        columns=_heads(header),
        header=header,
        lines=tuple(lines),
        footer=("all", "", "", *totals),
        facts=(
            Fact("checks that hold", f"{verdict.held:,}"),
            Fact("disagreements", f"{len(verdict.disagreements):,}"),
            Fact("activations, peak: alive at once", "", _bytes(verdict.peak)),
            Fact("activations, peak: the report", "", _bytes(verdict.stated_peak)),
            *_runtime_facts(verdict),
        ),
        notes=(*notes, *_runtime_notes(verdict)),
        legend=_legend(laws),
        remarks=(
            *_left_out(view, len(shown), len(verdict.judged)),
            f"Read from {one_line(verdict.report.graph.spec.source.name)}.",
        ),
    )


def _runtime_facts(verdict: Verdict) -> tuple[Fact, ...]:
    """Say how far from another program's outputs ours are."""
    runtime = verdict.runtime
    if runtime is None or runtime.difference is None:
        return ()
    numbers = f"{runtime.difference:.2g} of {runtime.largest:.4g}"
    return (Fact(f"{runtime.version}: largest difference of an output", numbers),)


def _runtime_notes(verdict: Verdict) -> tuple[str, ...]:
    runtime = verdict.runtime
    if runtime is None or not (runtime.outcome or runtime.why):
        return ()
    return (runtime.outcome or f"{runtime.version}: {runtime.why}",)


def _networks(verdicts: Sequence[Verdict]) -> Table:
    """Lay out a line a network; disagreements stand below."""
    laws = _checked_laws(verdicts)
    lines: list[Line] = []
    notes: list[str] = []
    for verdict in verdicts:
        disagreements = verdict.disagreements
        notes += [f"{verdict.report.name}, {sentence}" for sentence in disagreements]
        marks = tuple(_mark(layer.outcomes[law] for layer in verdict.judged) for law in laws)
        cells = (one_line(verdict.report.name), f"{len(verdict.judged):,}", *marks)
        lines.append(Line((*cells, _mark([verdict.peak_outcome]))))
    wrong = sum(bool(verdict.disagreements) for verdict in verdicts)
    header = ("network", "layers", *laws, "peak")
    layers = sum(len(verdict.judged) for verdict in verdicts)
    return Table(
        title=f"{len(verdicts)} networks",
        about=(f"Run forward by the referee: random weights, seed {verdicts[0].seed}, float32.",),
        columns=_heads(header),
        header=header,
        lines=tuple(lines),
        footer=("all", f"{layers:,}", *("",) * (len(laws) + 1)),
        facts=(
            Fact("checks that hold", f"{sum(judged.held for judged in verdicts):,}"),
            Fact("networks that agree", f"{len(verdicts) - wrong:,} of {len(verdicts):,}"),
        ),
        notes=tuple(notes),
        legend=(*_legend(laws), ("peak", "the most bytes of activations alive at once")),
        remarks=tuple(
            f"{one_line(verdict.report.name)}: {verdict.weights}."
            for verdict in verdicts
            if verdict.weights
        ),
    )


def _bytes(count: int | None) -> str:
    return NOT_APPLICABLE_MARK if count is None else f"{count:,} bytes"


def _legend(laws: list[str]) -> tuple[tuple[str, str], ...]:
    """Explain the laws and the marks."""
    marks = (
        (HOLDS, "what was done is what the report says"),
        (FAILS, "it is not: see the notes"),
        (NOT_APPLICABLE_MARK, "nothing to compare"),
    )
    return (*((law, LAWS[law]) for law in laws), *marks)


# -- for programs ----------------------------------------------------------------------------------


#: The schema's name and version.
SCHEMA = "shapecalc.verdict/1"


def verdict_records(judged: Verdicts | Verdict, view: View = View()) -> Records:
    """Return every law's outcome, a layer a line: true, a disagreement in words, or None."""
    verdicts = (judged,) if isinstance(judged, Verdict) else judged
    return Records(
        SCHEMA,
        key="networks",
        rows=(_network(verdict, view) for verdict in verdicts),
        columns=("network", "layer", "type", "output", *LAWS),
        lines=(
            (
                one_line(verdict.report.name),
                layer.row.name,
                layer.row.type,
                as_text(layer.row.output),
                *_outcomes(layer).values(),
            )
            for verdict in verdicts
            for layer in _shown(verdict, view)
        ),
        dense=True,
        ascii=True,
    )


def _network(verdict: Verdict, view: View) -> dict[str, object]:
    shown = _shown(verdict, view)
    return {
        "network": verdict.report.name,
        "seed": verdict.seed,
        "holds": not verdict.disagreements,
        "peak": {"bytes": verdict.peak, "report": verdict.stated_peak},
        **_file_data(verdict),
        **chosen_data(view, len(shown), len(verdict.judged)),
        "layers": Rows(
            {
                "name": layer.row.name,
                "type": layer.row.type,
                "output": as_list(layer.row.output),
                "laws": _outcomes(layer),
            }
            for layer in shown
        ),
    }


def _file_data(verdict: Verdict) -> dict[str, object]:
    """Return what there is of a model file's own weights."""
    runtime = verdict.runtime
    data: dict[str, object] = {"weights": verdict.weights} if verdict.weights else {}
    if runtime is not None:
        data["runtime"] = {
            "name": runtime.version,
            "difference": runtime.difference,
            "largest": runtime.largest,
            "agrees": None if runtime.outcome is None else not runtime.outcome,
            "why": runtime.outcome or runtime.why,
        }
    return data


def _outcomes(layer: JudgedLayer) -> dict[str, str | bool | None]:
    return {law: True if outcome == "" else outcome for law, outcome in layer.outcomes.items()}
