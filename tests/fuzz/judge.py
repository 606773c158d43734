"""What the fuzzers demand of every input: a report that adds up, or problems that can be told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shapecalc.errors import CODES, SpecErrors
from shapecalc.load import build
from shapecalc.propagate import propagate
from shapecalc.render.problems import problems_json, problems_text
from shapecalc.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping


def judge(
    text: str,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> str:
    """Compute a text as a spec; return the first code, or `ok`.

    Anything but a report or `SpecErrors` is a crash, which passes through.
    """
    try:
        report = propagate(build(Source("<text>", text), settings=settings, inputs=inputs))
    except SpecErrors as error:
        return _told(error)
    totals = report.totals
    assert len(report.rows) == len(report.graph.nodes)
    assert len({row.name for row in report.rows}) == len(report.rows)
    assert totals.params == sum(row.params for row in report.rows)
    assert totals.macs == sum(row.macs for row in report.rows)
    assert totals.peak >= max((row.output.size for row in report.rows), default=0)
    for row in report.rows:
        assert min((*row.output.sides, row.output.channels)) >= 1
        assert min((row.weights, row.biases, row.buffers, *row.work)) >= 0
    for number in (totals.params, totals.macs, totals.activations, totals.peak):
        str(number)  # Python refuses to print numbers of more than 4300 digits
    return "ok"


def judge_bytes(data: bytes) -> str:
    """Compute bytes as a spec, as if they had been read from a file."""
    from shapecalc.files import _decode

    try:
        source = _decode("<bytes>", data)
    except SpecErrors as error:
        return _told(error)
    return judge(source.text)


def _told(error: SpecErrors) -> str:
    """Check that problems can be told: known codes, no control characters, places that exist."""
    assert error.problems
    for problem in error.problems:
        assert problem.code in CODES
        assert problem.message
        if problem.origin is not None and problem.origin.span is not None:
            line, column, end_line, end_column = problem.origin.span
            assert (line, column) <= (end_line, end_column)
            assert column <= len(problem.origin.source.line(line))
    text = problems_text(error.problems)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert max(map(len, text.split("\n"))) <= 2000
    json.loads(problems_json(error.problems))
    return error.problems[0].code


__all__ = ["judge", "judge_bytes"]
