"""A view of a report, read from the words of options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.counting.storage import TypeWordError, read_types
from shapecalc.errors import Problem, SpecErrors
from shapecalc.output.cells import UNITS
from shapecalc.output.columns import BY_WORD, COLUMNS
from shapecalc.output.view import Column, View
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import did_you_mean, must_be_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.counting.profile import Profile
    from shapecalc.counting.roofline import Device
    from shapecalc.output.row_choice import RowChoice


#: The words of a view that are texts, with an example of each.
_TEXTS = (
    ("`dtype`", "float32"),
    ("`units`", "M"),
    ("`layout`", "hwc"),
    ("`profile`", "torchinfo"),
    ("`sort`", "macs"),
    ("`device`", "ops=10T, bandwidth=100G"),
    ("`chart`", "macs"),
)


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
    device: str | None = None,
    chart: str | None = None,
) -> View:
    """Read a view from the words of options.

    `columns` is a list, or a text with commas; `all` stands for all.  So are `rows`, `only` and
    `hide`, whose words a network must know.  Raises `SpecErrors` with every word that is not known
    (E301, E303).
    """
    texts = (dtype, units, layout, profile, sort, device, chart)
    for text, (option, example) in zip(texts, _TEXTS, strict=True):
        if text is not None:
            must_be_text(text, option, example)
    for words in (columns, rows, only, hide):
        if words is not None and not hasattr(words, "__iter__"):
            must_be_text(words, "a choice of columns or rows", "name,params")
    if not hasattr(batch, "__index__") or not hasattr(depth or 0, "__index__"):
        raise TypeError("`batch` and `depth` are whole numbers")
    problems: list[Problem] = []
    dtype = _types(dtype, problems)
    later: list[Problem] = []
    counting = _profile(profile, later) if profile else None
    units, column_units = _units(units, problems)
    layout = _one_of("layout", layout, ("hwc", "chw"), problems)
    problems += later
    for name, number, least in (("batch", batch, 1), ("depth", depth, 0)):
        if number is not None and number < least:
            message = f"{name} must be at least {least}, but is {number}"
            problems.append(_refuse("E303", name, str(number), message, ""))
    limits = _device(device, problems) if device is not None else None
    has = View(profile=counting, device=limits)
    wanted = None
    if columns is not None:
        text = columns if isinstance(columns, str) else ",".join(columns)
        wanted = _read_columns("columns", text, has, problems)
    order = _read_columns("sort", sort, has, problems) if sort is not None else ()
    if len(order) > 1:
        hint = f"--sort {order[0].key}"
        problems.append(_refuse("E303", "sort", sort or "", "rows are sorted by one column", hint))
    drawn = _read_columns("chart", chart, has, problems) if chart is not None else ()
    if len(drawn) > 1:
        message = "bars are drawn of one column"
        problems.append(_refuse("E303", "chart", chart or "", message, f"--chart {drawn[0].key}"))
    elif drawn and not drawn[0].charted:
        message = f"of the column '{drawn[0].key}' no bars can be drawn"
        hint = f"one of {', '.join(column.key for column in COLUMNS if column.charted)}"
        problems.append(_refuse("E303", "chart", chart or "", message, hint))
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
        column_units=column_units,
        device=limits,
        chart=drawn[0] if drawn else None,
    )


def _choice(*words: str | Sequence[str] | None) -> RowChoice | None:
    """Read which rows are shown."""
    if all(word is None or word == () for word in words):
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


#: Every unit, and `auto`.
UNIT_WORDS = (*UNITS, "auto")


def _units(text: str, problems: list[Problem]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read one unit, and those of single columns: ``auto,memory=Ki``."""
    plain, named = "", dict[str, str]()
    end = -1
    for part in text.split(","):
        start, end = end + 1, end + 1 + len(part)
        name, equals, word = part.rpartition("=")
        unit = word.strip()
        if unit not in UNIT_WORDS:
            hint = did_you_mean(unit, UNIT_WORDS) or f"one of {', '.join(UNIT_WORDS)}"
            at = start + len(part) - len(word.lstrip())
            span = Span(0, at, 0, at + len(unit))
            problems.append(_refuse("E303", "units", text, f"unknown units '{unit}'", hint, span))
        if equals:
            column = BY_WORD.get(name.strip().lower())
            hint = "units are of counts and of bytes, one a column"
            message = ""
            if column is None:
                message = f"unknown column '{name.strip()}'"
                hint = did_you_mean(name.strip(), BY_WORD) or hint
            elif column.kind.name not in ("number", "bytes"):
                message = f"the column '{column.key}' has no unit"
            elif column.key in named:
                message = f"the column '{column.key}' has two units"
            else:
                named[column.key] = unit
            if message:
                span = Span(0, start, 0, start + len(name))
                problems.append(_refuse("E303", "units", text, message, hint, span))
        elif plain:
            message = f"'{plain}' is the unit of all columns that are not named"
            span = Span(0, start, 0, end)
            problems.append(_refuse("E303", "units", text, message, f"params={unit}", span))
        else:
            plain = unit
    return plain or "exact", tuple(named.items())


def _device(text: str, problems: list[Problem]) -> Device:
    """Read a device; complain about one that cannot be read, and return some other."""
    from shapecalc.counting.roofline import Device, DeviceWordError, read_device

    try:
        return read_device(text)
    except DeviceWordError as error:
        span = Span(0, error.start, 0, error.end)
        problems.append(_refuse("E303", "device", text, error.message, error.hint, span))
        return Device(1, 1)


def _types(text: str, problems: list[Problem]) -> str:
    """Return the types of numbers in as few words as say them; complain about unknown ones."""
    try:
        return read_types(text).text
    except TypeWordError as error:
        span = Span(0, error.start, 0, error.start + len(error.word))
        problems.append(_refuse("E303", "dtype", text, error.message, error.hint, span))
        return "float32"


def _profile(word: str, problems: list[Problem]) -> Profile:
    """Return a profile by its name; complain about an unknown one."""
    from shapecalc.counting.profiles import (  # a report without a count need not know of them
        profile_named,
        profile_names,
    )

    return profile_named(_one_of("profile", word, profile_names(), problems))


def _refuse(
    code: str, option: str, text: str, message: str, hint: str, span: Span | None = None
) -> Problem:
    origin = Origin(Source(f"--{option} {text}", text), span or Span(0, 0, 0, len(text)))
    return Problem(code, message, origin, hint=hint)


def _read_columns(option: str, text: str, has: View, problems: list[Problem]) -> tuple[Column, ...]:
    """Read column names, separated by commas; complain about the unknown ones."""
    if text.strip() == "all" and option == "columns":
        return tuple(column for column in COLUMNS if column.there(has))
    columns: dict[Column, None] = {}
    end = -1
    for part in text.split(","):
        start, end = end + 1, end + 1 + len(part)
        word = part.strip()
        column = BY_WORD.get(word.lower())
        if column is not None and column.there(has):
            columns[column] = None
            continue
        if column is not None and column.needs == "device":
            message = f"the column '{column.key}' needs a device, which bounds how fast it can be"
            hint = 'add --device "ops=10T, bandwidth=100G"'
        elif column is not None:
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
