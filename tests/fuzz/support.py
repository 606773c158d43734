"""What the fuzz tests share: an input is computed and rendered, or refused in good order."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shapecalc.api import build
from shapecalc.errors import CODES, Problem, SpecErrors
from shapecalc.output.formats import FORMATS, write
from shapecalc.output.problems import problems_json, problems_text
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import _decode
from shapecalc.text import Source
from tests.algebra.law import differences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.report import Report


def judge(data: str | bytes, formats: Iterable[str] = FORMATS) -> tuple[str, ...]:
    """Compute and render an input; return the codes of what is wrong, none when it computes."""
    try:
        source = _decode("<fuzz>", data) if isinstance(data, bytes) else Source("<fuzz>", data)
        report = compute_report(build(source))
    except SpecErrors as error:
        well_told(error.problems)
        return tuple(problem.code for problem in error.problems)
    adds_up(report)
    rendered(report, formats)
    return ()


def adds_up(report: Report) -> None:
    """Check what holds for every report: one row a node, names unlike, sums that are sums."""
    rows, totals = report.rows, report.totals
    if report.domain is not None:
        values = report.domain.start
        if not report.domain.mixed:
            assert not differences(report, report.at(**values), values)
        return
    assert len(rows) == len(report.graph.nodes)
    assert len({row.name for row in rows}) == len(rows)
    assert totals.params == sum(row.params for row in rows)
    assert totals.macs == sum(row.macs for row in rows)
    assert totals.frozen + totals.trainable == totals.params
    assert totals.frozen == sum(row.frozen for row in rows)
    assert totals.activations == sum(row.activations for row in rows)
    assert totals.peak >= max((row.output.size for row in rows), default=0)
    for row in rows:
        assert min((*row.output.sides, row.output.channels)) >= 1
        assert min((row.weights, row.biases, row.buffers, *row.work)) >= 0
        assert row.frozen in (0, row.params)


def well_told(problems: tuple[Problem, ...]) -> None:
    """Check that problems can be shown to a person and to a program."""
    assert problems
    assert {problem.code for problem in problems} <= CODES.keys()
    assert harmless(problems_text(problems))
    text = problems_json(problems)
    assert harmless(text)
    assert len(json.loads(text)["problems"]) == len(problems)


def rendered(report: Report, formats: Iterable[str]) -> None:
    """Check that a report can be shown in every format."""
    for name in formats:
        text = write(report, name, width=100 if name == "terminal" else None)
        assert text.endswith("\n")
        if name == "json":
            json.loads(text)
        if name not in ("terminal", "csv"):  # colours are control characters; CSV is texts as given
            assert harmless(text)


def harmless(text: str) -> bool:
    """Tell whether a text moves no cursor, changes no colour and turns no direction."""
    return text.replace("\n", "").isprintable()
