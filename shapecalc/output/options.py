"""A view of a report, read from the words of options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors
from shapecalc.output.cells import DTYPES, UNITS
from shapecalc.output.columns import BY_WORD, COLUMNS
from shapecalc.output.view import Column, View
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.counting.profile import Profile
    from shapecalc.output.row_choice import RowChoice


def make_view(
    *,
    batch: int = 1,
    dtype: str = "float32",
    units: str = "exact",
    layout: str = "hwc",
    profile: str | None = None,
    count_inplace: bool = False,
    depth: int | None = None,
    columns: str | Sequence[str] | None = None,
    sort: str | None = None,
    rows: str | Sequence[str] | None = None,
    only: str | Sequence[str] | None = None,
    hide: str | Sequence[str] | None = None,
) -> View:
    """Read a view from the words of options.

    `columns` is a list, or a text with commas; `all` stands for all.  So are `rows`, `only` and
    `hide`, whose words a network must know.  Raises `SpecErrors` with every word that is not known
    (E301, E303).
    """
    problems: list[Problem] = []
    dtype = _one_of("dtype", dtype, DTYPES, problems)
    units = _one_of("units", units, UNITS, problems)
    layout = _one_of("layout", layout, ("hwc", "chw"), problems)
    counting = _profile(profile, problems) if profile else None
    for name, number, least in (("batch", batch, 1), ("depth", depth, 0)):
        if number is not None and number < least:
            message = f"{name} must be at least {least}, but is {number}"
            problems.append(_refuse("E303", name, str(number), message, ""))
    wanted = None
    if columns is not None:
        text = columns if isinstance(columns, str) else ",".join(columns)
        wanted = _read_columns("columns", text, counting, problems)
    order = _read_columns("sort", sort, counting, problems) if sort is not None else ()
    if len(order) > 1:
        hint = f"--sort {order[0].key}"
        problems.append(_refuse("E303", "sort", sort or "", "rows are sorted by one column", hint))
    if problems:
        raise SpecErrors(problems)
    return View(
        batch,
        dtype,
        units,
        "chw" if layout == "chw" else "hwc",
        counting,
        count_inplace,
        depth,
        wanted,
        order[0] if order else None,
        _choice(rows, only, hide),
    )


def _choice(*words: str | Sequence[str] | None) -> RowChoice | None:
    """Read which rows are shown."""
    if not any(words):
        return None
    from shapecalc.output.row_choice import read_choice  # most tables show all

    return read_choice(*words)


def _one_of(option: str, word: str, known: Iterable[str], problems: list[Problem]) -> str:
    """Return a known word; complain about another one, and return the first known."""
    if word in known:
        return word
    hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
    problems.append(_refuse("E303", option, word, f"unknown {option} '{word}'", hint))
    return next(iter(known))


def _profile(word: str, problems: list[Problem]) -> Profile:
    """Return a profile by its name; complain about an unknown one."""
    from shapecalc.counting.profiles import (
        PROFILES,  # a report without a count need not know of them
    )

    return PROFILES[_one_of("profile", word, PROFILES, problems)]


def _refuse(
    code: str, option: str, text: str, message: str, hint: str, span: Span | None = None
) -> Problem:
    origin = Origin(Source(f"--{option} {text}", text), span or Span(0, 0, 0, len(text)))
    return Problem(code, message, origin, hint=hint)


def _read_columns(
    option: str, text: str, profile: Profile | None, problems: list[Problem]
) -> tuple[Column, ...]:
    """Read column names, separated by commas; complain about the unknown ones."""
    if text.strip() == "all" and option == "columns":
        return tuple(column for column in COLUMNS if column.key != "count" or profile is not None)
    columns: dict[Column, None] = {}
    end = -1
    for part in text.split(","):
        start, end = end + 1, end + 1 + len(part)
        word = part.strip()
        column = BY_WORD.get(word.lower())
        if column is not None and (column.key != "count" or profile is not None):
            columns[column] = None
            continue
        if column is not None:
            message = "the column 'count' needs a profile to count by"
            hint = "add --profile NAME; `shapecalc profiles` lists them"
        else:
            message = f"unknown column '{word}'" if word else "a column's name is missing"
            hint = did_you_mean(word, BY_WORD) or (
                "the columns are " + ", ".join(known.key for known in COLUMNS)
            )
        start += len(part) - len(part.lstrip())
        span = Span(0, start, 0, start + len(word))
        problems.append(_refuse("E301", option, text, message, hint, span))
    return tuple(columns)
