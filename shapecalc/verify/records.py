"""Verdicts and runs for programs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from shapecalc.layers.shape import as_list, as_text
from shapecalc.output.records import Records, Rows
from shapecalc.text.safe import one_line
from shapecalc.verify.activations import Activity
from shapecalc.verify.judge import LAWS, Verdict

if TYPE_CHECKING:
    from shapecalc.verify.activations import Activations
    from shapecalc.verify.judge import JudgedLayer, Verdicts

#: The schemas' names and versions.
VERDICT = "shapecalc.verdict/1"
ACTIVITY = "shapecalc.activity/1"


def verdict_records(judged: Verdicts | Verdict) -> Records:
    """Return every law's outcome, a layer a line: true, a disagreement in words, or None."""
    verdicts = (judged,) if isinstance(judged, Verdict) else judged
    return Records(
        VERDICT,
        key="networks",
        rows=map(_network, verdicts),
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
            for layer in verdict.judged
        ),
        dense=True,
        ascii=True,
    )


def _network(verdict: Verdict) -> dict[str, object]:
    return {
        "network": verdict.report.name,
        "seed": verdict.seed,
        "holds": not verdict.disagreements,
        "peak": {"bytes": verdict.peak, "report": verdict.stated_peak},
        "layers": Rows(
            {
                "name": layer.row.name,
                "type": layer.row.type,
                "output": as_list(layer.row.output),
                "laws": _outcomes(layer),
            }
            for layer in verdict.judged
        ),
    }


def _outcomes(layer: JudgedLayer) -> dict[str, str | bool | None]:
    return {law: True if outcome == "" else outcome for law, outcome in layer.outcomes.items()}


def activity_records(run: Activations) -> Records:
    """Return every layer's activations summed up; in a document no number is None."""
    return Records(
        ACTIVITY,
        lambda: {"network": run.report.name},
        "layers",
        (
            {
                name: None if isinstance(value, float) and not isfinite(value) else value
                for name, value in layer._asdict().items()
            }
            for layer in run.layers
        ),
        columns=Activity._fields,
        lines=run.layers,
        dense=True,
        ascii=True,
    )
