"""Differences and searches for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.output.cells import NUMBER
from shapecalc.output.csv import Plain
from shapecalc.output.records import Records
from shapecalc.output.report_records import profile_data
from shapecalc.output.view import View

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.analysis.reconcile.parts import Difference, DifferencePart
    from shapecalc.analysis.reconcile.search import CountCandidate, Search
    from shapecalc.output.cells import Json

#: The schemas' names and versions.
DIFFERENCE = "shapecalc.reconcile/1"
SEARCH = "shapecalc.target/1"


def difference_records(difference: Difference, view: View = View()) -> Records:
    """Return the parts of every layer; None is a layer for which a profile has no rule."""
    names = (difference.first.name, difference.second.name)
    return Records(
        DIFFERENCE,
        lambda: _head(difference, view),
        "parts",
        ({"layer": part.layer, **_part(part, view)} for part in difference.parts),
        columns=("layer", "term", *names, "difference"),
        lines=(
            (
                part.layer,
                part.term,
                *(_cell(count, view) for count in (part.first, part.second, part.difference)),
            )
            for part in difference.parts
        ),
    )


def _head(difference: Difference, view: View) -> dict[str, Json]:
    first, second = difference.totals
    rows = difference.report.rows
    profiles = (difference.first, difference.second)
    return {
        "network": difference.report.name,
        "profiles": [profile_data(profile, rows) for profile in profiles],
        "totals": [_number(total, view) for total in (first, second)],
        "difference": _number(second - first, view),
        "unexplained": _number(difference.rest, view),
        "terms": [_part(part, view) for part in difference.terms],
    }


def search_records(search: Search) -> Records:
    """Return the matches, and the nearest counts."""
    return Records(
        SEARCH,
        lambda: {
            "network": search.report.name,
            "target": search.target.text,
            "exact": search.target.exact,
            "tried": search.tried,
            "nearest": list(map(_candidate, search.nearest)),
        },
        "matches",
        ({**_candidate(match.candidate), "read_as": match.how} for match in search.matches),
        columns=("count", "variation", "read_as", "number"),
    )


def _part(part: DifferencePart, view: View) -> dict[str, Json]:
    return {
        "term": part.term,
        "counts": [_number(count, view) for count in (part.first, part.second)],
        "difference": _number(part.difference, view),
    }


def _candidate(candidate: CountCandidate) -> dict[str, Json]:
    return {
        "count": candidate.what,
        "variation": candidate.variation,
        "number": candidate.number,
    }


def _number(number: Dim | None, view: View) -> Json:
    return None if number is None else NUMBER.data(number, view)


def _cell(number: Dim | None, view: View) -> Json:
    """Return a count for a line; an expression may begin with a minus and is none of a stranger."""
    value = _number(number, view)
    return Plain(value) if isinstance(value, str) else value
