"""A difference between two profiles, and what a search for a printed number found, laid out.

Tables for people, records for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra import Dim, is_symbolic
from shapecalc.analysis.compare.fit import Laid, fit, lines_of
from shapecalc.analysis.reconcile.search import NEAREST
from shapecalc.counting.profile import described
from shapecalc.counting.profiles import PROFILES
from shapecalc.output.cells import NUMBER, Json, number_text
from shapecalc.output.columns import units_owed
from shapecalc.output.csv import Plain
from shapecalc.output.records import Records
from shapecalc.output.report_records import profile_data
from shapecalc.output.table import FOLDED, Fact, Head, Line, Table, TotalsGrid
from shapecalc.output.view import View
from shapecalc.text.safe import one_line
from shapecalc.text.words import counted, listed_briefly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.analysis.reconcile import Difference, DifferencePart
    from shapecalc.analysis.reconcile.search import CountCandidate, Match, Search

#: What stands where a profile has no rule.
NOT_COUNTED = "not counted"


def tabulate(difference: Difference, view: View = View(), width: int | None = None) -> Table:
    """Lay a difference out; blocks are folded to the view's depth."""
    depth = 1 if view.depth is None else view.depth
    names = (difference.first.name, difference.second.name)
    parts = difference.layers(depth)
    alike = [part._replace(layer="all others") for part in difference.alike(parts)]
    first, second = difference.totals
    if difference.report.domain is not None:
        view = view._replace(units="exact")  # formulas have none
    view = view.fitted("count", (first, second))
    heads = (Head("the layer's name, or the block's"), *_heads(names))
    header = ("layer", "term", *names, "difference")
    footer = ("total", "", *_counts((first, second), view), signed(second - first, view))
    texts = zip(*(_cells(part, view) for part in (*parts, *alike)), strict=True)
    cells = list(texts) or [()] * len(header)
    laid = zip(heads, header, cells, footer, (0,) * 5, (16, 12, 0, 0, 0), strict=True)
    columns = fit([Laid(*column) for column in laid], width)
    return Table(
        title=f"{one_line(difference.report.name) or 'network'}: {names[0]} and {names[1]}",
        about=(_summary(difference, view),),
        columns=heads,
        header=header,
        lines=tuple(map(Line, lines_of(columns))),
        footer=footer,
        facts=(),
        notes=(),
        legend=tuple(_legend(difference, view)),
        remarks=tuple(_remarks(difference, parts, depth)),
        totals=_terms(difference, view),
    )


def signed(number: Dim, view: View) -> str:
    """Write a difference with its sign."""
    if not isinstance(number, int):
        return number_text(number, view.units, view.notation)
    if number == 0:
        return "0"
    return f"{'+' if number > 0 else '-'}{number_text(abs(number), view.units)}"


def _heads(names: Sequence[str]) -> tuple[Head, ...]:
    return (
        Head("what is counted"),
        *(Head(f"as {name} counts", numeric=True) for name in names),
        Head("the second profile's count less the first's", numeric=True),
    )


def _cells(part: DifferencePart, view: View) -> tuple[str, ...]:
    counts = _counts((part.first, part.second), view)
    return (one_line(part.layer), part.term, *counts, signed(part.difference, view))


def _counts(pair: Sequence[Dim | None], view: View) -> Iterator[str]:
    for count in pair:
        yield NOT_COUNTED if count is None else number_text(count, view.units, view.notation)


def _terms(difference: Difference, view: View) -> TotalsGrid:
    """Lay out the terms: what each adds to the difference, down to a rest of 0."""
    names = (difference.first.name, difference.second.name)
    first, second = difference.totals
    lines = [_cells(part, view)[1:] for part in difference.terms]
    lines.append(("all", *_counts((first, second), view), signed(second - first, view)))
    lines.append(("unexplained", "", "", signed(difference.rest, view)))
    return TotalsGrid(_heads(names), ("term", *names, "difference"), tuple(lines))


def _summary(difference: Difference, view: View) -> str:
    first, second = difference.totals
    names = difference.first.name, difference.second.name
    if first == second:
        return f"Both count {number_text(first, view.units, view.notation)}."
    if is_symbolic(second - first):
        return f"{names[1]} less {names[0]}: {signed(second - first, view)}."
    terms = [f"{part.term} {signed(part.difference, view)}" for part in difference.terms]
    differ = terms[: sum(part.difference != 0 for part in difference.terms)]
    return f"{signed(second - first, view)} from {names[0]} to {names[1]}: {', '.join(differ)}."


def _legend(difference: Difference, view: View) -> Iterator[tuple[str, str]]:
    for profile in (difference.first, difference.second):
        yield profile.name, described(profile)
        if missing := profile.not_counted(difference.report.rows):
            yield (
                f"{NOT_COUNTED} by {profile.name}",
                f"{', '.join(missing)}: it has no rule for them",
            )
    yield from units_owed([view.units]).items()


def _remarks(difference: Difference, parts: Sequence[DifferencePart], depth: int) -> Iterator[str]:
    paths = {row.name for row in difference.report.rows}
    if depth and any(part.layer not in paths for part in parts):
        yield FOLDED
    if difference.report.domain is not None:
        yield f"Domain: {'; '.join(difference.report.domain.texts())}."
    yield f"Read from {one_line(difference.report.graph.spec.source.name)}."


#: More counts than this that would be printed alike do not settle what was meant.
COARSE = 8
#: So many layers are named that close a gap.
CLOSING = 3


def tabulate_search(search: Search, width: int | None = None) -> Table:
    """Lay the matches out, or the nearest counts where there is none."""
    target = search.target
    columns = (
        Head("what gives the number"),
        Head("what was done with it"),
        Head("how the target is read"),
        Head("the count", numeric=True),
        Head("the count less the target", numeric=True),
    )
    rows = [(match.candidate, match.how) for match in _listed(search)]
    rows = rows or [(candidate, "nearest") for candidate in search.nearest]
    header = ("count", "variation", "read as", "number", "off by")
    texts = (
        (row.what, row.variation, how, f"{row.number:,}", _off(search, row.number))
        for row, how in rows
    )
    footer = ("target", "", "", target.text, "")
    cells = zip(*texts, strict=True)
    laid = zip(columns, header, cells, footer, (0,) * 5, (24, 16, 10, 0, 0), strict=True)
    return Table(
        title=f"{one_line(search.report.name) or 'network'}: what gives {target.text}?",
        about=tuple(_search_about(search)),
        columns=columns,
        header=header,
        lines=tuple(map(Line, lines_of(fit([Laid(*column) for column in laid], width)))),
        footer=footer,
        facts=(
            Fact("counts that give it", f"{search.inside:,}"),
            Fact("counts tried", f"{search.tried:,}"),
        ),
        notes=(),
        legend=tuple(_search_legend(search)),
        remarks=(*_gaps(search), f"Read from {one_line(search.report.graph.spec.source.name)}."),
    )


def _off(search: Search, number: int) -> str:
    off = round(number - search.target.value)
    return f"{off:+,}" if off else "0"


def _listed(search: Search) -> Sequence[Match]:
    return search.matches if search.whole else search.matches[:NEAREST]


def _search_about(search: Search) -> Iterator[str]:
    """Say how sure it is."""
    text, matches = search.target.text, search.matches
    name = one_line(search.report.name) or "the network"
    if not matches:
        yield (
            f"Nothing gives {text}: {search.tried:,} counts were tried, profiles, parameters and"
            " totals, of the network as it is and as it is otherwise counted, plainly, doubled,"
            " halved and tripled. These are the nearest."
        )
        return
    if matches[0].candidate.change:
        yield f"No count of {name} itself gives {text}; another form of it does."
    if search.inside > COARSE:
        yield (
            f"{search.inside:,} of {search.tried:,} counts tried would be printed as {text}: the"
            " number is too coarse to tell what was meant. What assumes least stands first."
        )
    elif not matches[0].candidate.change:
        yield f"{search.inside:,} of {search.tried:,} counts tried would be printed as {text}."
    if left := len(matches) - len(_listed(search)):
        yield f"{counted(left, 'more explanation')}: --all."


def _gaps(search: Search) -> Iterator[str]:
    """Say what each change does to the counts, layer by layer, and what it is about."""
    counts: dict[str, list[str]] = {}
    notes: dict[str, str] = {}
    for candidate in [match.candidate for match in _listed(search)] or search.nearest:
        change = candidate.change
        if change is None:
            continue
        spec = change.report.graph.spec
        if spec.source != search.report.graph.spec.source and spec.note:
            notes[f"{one_line(spec.name)}: {one_line(spec.note)}"] = ""
        if parts := search.closing(candidate):
            named = [f"{one_line(row)} {number:+,}" for row, number in parts]
            text = f"{change.what}: {listed_briefly(named, CLOSING)}."
            counts.setdefault(text, []).append(candidate.what.removeprefix("profile "))
    for text, names in counts.items():
        yield f"{listed_briefly(list(dict.fromkeys(names)), CLOSING)} {text}"
    yield from notes


def _search_legend(search: Search) -> Iterator[tuple[str, str]]:
    rows = [match.candidate for match in _listed(search)] or list(search.nearest)
    for name in dict.fromkeys(row.what for row in rows):
        word = name.removeprefix("profile ")
        if name != word:
            yield word, described(PROFILES[word])
    yield "off by", "the count less the target"


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
            "inside": search.inside,
            "nearest": list(map(_candidate, search.nearest)),
        },
        "matches",
        (
            {
                **_candidate(match.candidate),
                "read_as": match.how,
                "closing": [
                    {"layer": layer, "difference": number}
                    for layer, number in search.closing(match.candidate)
                ],
            }
            for match in search.matches
        ),
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
        "assumptions": candidate.assumptions,
    }


def _number(number: Dim | None, view: View) -> Json:
    return None if number is None else NUMBER.data(number, view)


def _cell(number: Dim | None, view: View) -> Json:
    """Return a count for a line; an expression may begin with a minus and is none of a stranger."""
    value = _number(number, view)
    return Plain(value) if isinstance(value, str) else value
