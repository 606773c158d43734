"""Differences and searches for programs: JSON and CSV, plain numbers."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.output.cells import NUMBER
from shapecalc.output.csv import harmless
from shapecalc.output.json import dump, profile_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra.dim import Dim
    from shapecalc.analysis.reconcile.parts import Difference, DifferencePart
    from shapecalc.analysis.reconcile.search import CountCandidate, Search
    from shapecalc.output.cells import Json
    from shapecalc.output.view import View

#: The schemas' names and versions: a field that changes its meaning makes a new version.
DIFFERENCE = "shapecalc.reconcile/1"
SEARCH = "shapecalc.target/1"


def difference_json(difference: Difference, view: View) -> str:
    """Write the parts of every layer; None is a layer for which a profile has no rule."""
    first, second = difference.totals
    rows = difference.report.rows
    head: dict[str, Json] = {
        "schema": DIFFERENCE,
        "network": difference.report.name,
        "profiles": [profile_json(each, rows) for each in (difference.first, difference.second)],
        "totals": [_number(each, view) for each in (first, second)],
        "difference": _number(second - first, view),
        "unexplained": _number(difference.rest, view),
        "terms": [_record(part, view) for part in difference.terms],
    }
    records = [{"layer": part.layer, **_record(part, view)} for part in difference.parts]
    return _document(head, "parts", records)


def search_json(search: Search) -> str:
    """Write the matches, and the nearest counts."""
    head: dict[str, Json] = {
        "schema": SEARCH,
        "network": search.report.name,
        "target": search.target.text,
        "exact": search.target.exact,
        "tried": search.tried,
        "nearest": [_candidate(each) for each in search.nearest],
    }
    records = [{**_candidate(each.candidate), "read_as": each.how} for each in search.matches]
    return _document(head, "matches", records)


def difference_csv(difference: Difference, view: View) -> str:
    """Write the parts, a line each; an empty cell is a layer for which a profile has no rule."""
    header = ("layer", "term", difference.first.name, difference.second.name, "difference")
    return _lines(
        header,
        (
            (part.layer, part.term, *(_plain(each, view) for each in (part.first, part.second)),
             _plain(part.difference, view))
            for part in difference.parts
        ),
    )  # fmt: skip


def search_csv(search: Search) -> str:
    """Write the matches, a line each; where there is none only the header."""
    rows = ((*each.candidate[:2], each.how, each.candidate.number) for each in search.matches)
    return _lines(("count", "variation", "read_as", "number"), rows)


def _document(head: dict[str, Json], name: str, records: Sequence[object]) -> str:
    lines = [f"  {dump(key)}: {dump(value)}," for key, value in head.items()]
    body = ",\n".join(f"    {dump(record)}" for record in records)
    return "\n".join(["{", *lines, f'  "{name}": [', body, "  ]", "}"]) + "\n"


def _record(part: DifferencePart, view: View) -> dict[str, Json]:
    return {
        "term": part.term,
        "counts": [_number(each, view) for each in (part.first, part.second)],
        "difference": _number(part.difference, view),
    }


def _candidate(each: CountCandidate) -> dict[str, Json]:
    return {"count": each.what, "variation": each.variation, "number": each.number}


def _number(number: Dim | None, view: View) -> Json:
    return None if number is None else NUMBER.data(number, view)


def _plain(number: Dim | None, view: View) -> str:
    return "" if number is None else NUMBER.plain(number, view)


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([harmless(cell) if index < 2 else cell for index, cell in enumerate(row)])  # type: ignore[arg-type]
    return target.getvalue()
