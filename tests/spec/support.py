"""What the tests of the language share: from a text to its report, or to its problems."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from shapecalc.api import build
from shapecalc.errors import Problem, SpecErrors
from shapecalc.layers.shape import as_text
from shapecalc.report.compute import compute_report
from shapecalc.text import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report


def report_of(
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Report:
    """Compute the report of a spec; `settings` is --set, `inputs` is --input."""
    return compute_report(build(Source("<text>", dedent(text)), settings=settings, inputs=inputs))


def problems_of(
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    """Return the problems of a spec that is wrong."""
    with pytest.raises(SpecErrors) as caught:
        report_of(text, settings=settings, inputs=inputs)
    return caught.value.problems


def codes_of(
    text: str,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the codes of the problems of a spec that is wrong."""
    return [problem.code for problem in problems_of(text, settings=settings, inputs=inputs)]


def names_of(report: Report) -> list[str]:
    """Return the names of the layers, in order, without the inputs."""
    return [row.name for row in report.rows if row.type != "input"]


def output_of(report: Report, name: str) -> str:
    """Return a layer's output as papers write it."""
    return as_text(report[name].output)


def place_of(problem: Problem) -> str:
    """Return the stretch of the spec's text that a problem points at."""
    assert problem.origin is not None
    assert problem.origin.span is not None
    line, column, end_line, end_column = problem.origin.span
    assert end_line == line
    return problem.origin.source.line(line)[column:end_column]
