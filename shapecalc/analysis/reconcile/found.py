"""What a search for a printed number found, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.fit import Laid, fit, lines_of
from shapecalc.counting.profile import told
from shapecalc.counting.profiles import PROFILES
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import printable
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.reconcile.search import Search

#: More readings than this do not settle what was meant.
COARSE = 8


def tabulate(search: Search, width: int | None = None) -> Table:
    """Lay the matches out, or the nearest counts where there is none."""
    target = search.target
    columns = (
        Head("what gives the number"),
        Head("what was done with it"),
        Head("how the target is read"),
        Head("the count", numeric=True),
        Head("the count less the target", numeric=True),
    )
    rows = [(match.candidate, match.how) for match in search.matches]
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
        title=f"{printable(search.report.name) or 'network'}: what gives {target.text}?",
        about=tuple(_about(search)),
        columns=columns,
        header=header,
        lines=tuple(map(Line, lines_of(fit([Laid(*column) for column in laid], width)))),
        footer=footer,
        facts=(
            Fact("counts that give it", f"{len(search.matches):,}"),
            Fact("counts tried", f"{search.tried:,}"),
        ),
        notes=(),
        legend=tuple(_legend(search)),
        remarks=(f"Read from {printable(search.report.graph.spec.source.name)}.",),
    )


def _off(search: Search, number: int) -> str:
    off = round(number - search.target.value)
    return f"{off:+,}" if off else "0"


def _about(search: Search) -> Iterator[str]:
    """Say how sure it is."""
    target, plain = search.target, [match for match in search.matches if not match.candidate.far]
    if not search.matches:
        yield (
            f"Nothing gives {target.text}: {search.tried} counts were tried, profiles, parameters"
            " and totals, plainly, doubled, halved, tripled and for batches. These are the nearest."
        )
    elif len(search.matches) > COARSE:
        yield (
            f"{len(search.matches)} counts would be printed as {target.text}, {len(plain)} of them"
            " plainly: the number is too coarse to tell what was meant."
        )
    else:
        kinds = f"{counted(len(search.matches), 'count')}"
        yield f"{kinds} of {search.tried} tried would be printed as {target.text}."


def _legend(search: Search) -> Iterator[tuple[str, str]]:
    rows = [match.candidate for match in search.matches] or list(search.nearest)
    for name in dict.fromkeys(row.what for row in rows):
        word = name.removeprefix("profile ")
        if name != word:
            yield word, told(PROFILES[word])
    yield "off by", "the count less the target"
