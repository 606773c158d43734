"""Rows chosen by what they are or how they are called; what is left out is always said.

Totals stay those of the whole network: a choice says what is looked at, not what is counted.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shapecalc.errors import refuse
from shapecalc.report.fold import fold
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.output.cells import Json
    from shapecalc.report import Report, Row

T = TypeVar("T")

#: Kinds of rows; a level is of the kind of the layers that it folds.
KINDS: dict[str, Callable[[Row], bool]] = {
    "weighted": lambda row: any(
        part.layer is not None and part.layer.weighted for part in row.layers
    ),
    "params": lambda row: any(part.params != 0 or part.shared for part in row.layers),
    "frozen": lambda row: row.frozen != 0,
    "inplace": lambda row: all(
        part.layer is not None and part.layer.inplace for part in row.layers
    ),
}


class RowChoice(NamedTuple):
    """Which rows are shown: patterns of names and types, and kinds.

    A row has to fit one of `rows`, if there are any, one of `only`, if there are any, and none of
    `hide`.
    """

    rows: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    hide: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The options that choose so."""
        options = zip(self._fields, self, strict=True)
        return " ".join(f"--{name} {text}" for name, texts in options for text in texts)

    def takes(self, row: Row) -> bool:
        """Tell whether a row is shown."""
        return (
            (not self.rows or any(_named(pattern, row) for pattern in self.rows))
            and (not self.only or any(_fits(word, row) for word in self.only))
            and not any(_fits(word, row) for word in self.hide)
        )


def read_choice(
    rows: str | Sequence[str] | None,
    only: str | Sequence[str] | None,
    hide: str | Sequence[str] | None,
) -> RowChoice | None:
    """Read a choice from the words of options, separated by commas; None where nothing is chosen.

    >>> read_choice("conv*, fc*", None, ["inplace"])
    RowChoice(rows=('conv*', 'fc*'), only=(), hide=('inplace',))
    """
    given = zip(RowChoice._fields, (rows, only, hide), strict=True)
    words = RowChoice(*(tuple(_split(name, texts)) for name, texts in given))
    return words if any(words) else None


def _split(option: str, texts: str | Sequence[str] | None) -> Iterator[str]:
    """Split at commas.  Raises `SpecErrors` (E303) where a word is missing."""
    for text in (texts,) if isinstance(texts, str) else texts or ():
        for word in map(str.strip, text.split(",")):
            if not word:
                message = f"a word is missing in --{option} '{text}'"
                hint = "a name, a type, or a pattern like 'conv*'"
                raise refuse("E303", message, Origin(Source(f"--{option} {text}", "")), hint)
            yield word


def chosen(
    reports: Sequence[Report],
    lines: Sequence[T],
    rows_of: Callable[[T], Iterable[Row]],
    choice: RowChoice | None,
    depth: int,
) -> tuple[T, ...]:
    """Return the lines that are shown: those with a row that the choice takes.

    `lines` are all at a depth of the paths, 0 for that of the layers.  Raises `SpecErrors` (E303)
    for a word that fits nothing in any of the networks, and where nothing is left.
    """
    if choice is None:
        return tuple(lines)
    _must_fit(reports, choice)
    taken = tuple(line for line in lines if any(map(choice.takes, rows_of(line))))
    if not taken:
        inside = depth and any(choice.takes(row) for report in reports for row in report.rows)
        hint = "--depth all looks inside blocks" if inside else "leave one of the options out"
        message = f"of {len(lines):,} rows none is left"
        raise refuse("E303", message, Origin(Source(choice.words, "")), hint)
    return taken


def _must_fit(reports: Sequence[Report], choice: RowChoice) -> None:
    """Complain about a word that fits no row at any depth."""
    levels: list[Row] = []
    for report in reports:
        deepest = max((row.name.count("/") for row in report.rows), default=0)
        levels += [row for depth in range(deepest + 1) for row in fold(report, depth)]
    for option, words in zip(choice._fields, choice, strict=True):
        for word in words:
            if option != "rows" and word.lower() in KINDS:
                continue
            if not any(_named(word, row) for row in levels):
                raise refuse(
                    "E303",
                    f"no layer, block or type fits '{word}'",
                    Origin(Source(f"--{option} {word}", word), Span(0, 0, 0, len(word))),
                    _meant(option, word, levels),
                )


def _meant(option: str, word: str, rows: Iterable[Row]) -> str:
    kinds = () if option == "rows" else tuple(KINDS)
    if option == "rows" and word.lower() in KINDS:
        return f"--only {word.lower()} takes kinds of rows"
    known = [*kinds, *(name for row in rows for name in (row.name, row.type))]
    usual = "a name, a type, or a pattern like 'conv*'"
    return did_you_mean(word, known) or (f"{', '.join(kinds)}, {usual}" if kinds else usual)


def _fits(word: str, row: Row) -> bool:
    """Tell whether a row is of a kind, or is called so."""
    kind = KINDS.get(word.lower())
    return kind(row) if kind is not None else _named(word, row)


def _named(pattern: str, row: Row) -> bool:
    """Tell whether a row is called so, or is of a type that is.

    A pattern fits the row's own name or type, and with a slash in it its path.  A name without
    `*`, `?` and `[` is a block's as well, which stands for all that is in it.
    """
    pattern = pattern.lower().rstrip("/")
    path = row.name.lower()
    if pattern.startswith("/"):  # the network's own, as `from` has it
        return fnmatchcase(path, pattern[1:]) or path.startswith(f"{pattern[1:]}/")
    *blocks, name = path.split("/")
    if pattern in blocks or f"{path}/".startswith(f"{pattern}/"):
        return True
    if "/" in pattern:
        return fnmatchcase(path, pattern)
    return fnmatchcase(name, pattern) or fnmatchcase(row.type.lower(), pattern)


def left_out(choice: RowChoice, shown: int, of: int) -> str:
    """Say how many rows are not shown, and that the totals are of all.

    >>> left_out(RowChoice(only=("weighted",)), 8, 22)
    '14 of 22 rows are left out (--only weighted); the totals are those of the whole network.'
    """
    verb = "row is" if of - shown == 1 and of == 1 else "rows are"
    return (
        f"{of - shown:,} of {of:,} {verb} left out ({choice.words}); the totals are those of the"
        " whole network."
    )


def choice_data(choice: RowChoice, shown: int, of: int) -> dict[str, Json]:
    """Return a choice as JSON has it."""
    words = {name: list(texts) for name, texts in choice._asdict().items()}
    return {**words, "shown": shown, "of": of}
