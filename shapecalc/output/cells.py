"""Cells: how a value of each kind reads in a table, in CSV and in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from shapecalc.algebra import is_symbolic, largest
from shapecalc.layers.base import square
from shapecalc.layers.shape import as_list, as_text, times_text
from shapecalc.report import UNKNOWN
from shapecalc.report.receptive_field import AtMost
from shapecalc.text import NamedTuple
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from shapecalc.algebra import Dim
    from shapecalc.algebra.notation import Notation
    from shapecalc.layers.shape import Layout, Shape

    class Style(Protocol):
        """What of a view decides how a cell reads."""

        @property
        def units(self) -> str: ...
        @property
        def layout(self) -> Layout: ...
        @property
        def notation(self) -> Notation | None: ...
        @property
        def brief(self) -> Callable[[Dim], str] | None: ...


#: What JSON can hold.
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


#: The marks of cells without a number.  `0` is a third thing: a count that came out as zero.
NOT_APPLICABLE_MARK = "\N{EN DASH}"
UNKNOWN_MARK = "?"

#: What one unit stands for, and what a byte is called with it.
UNITS: dict[str, tuple[int, str]] = {
    "exact": (1, "bytes"),
    "K": (10**3, "kB"),
    "M": (10**6, "MB"),
    "G": (10**9, "GB"),
    "Ki": (2**10, "KiB"),
    "Mi": (2**20, "MiB"),
    "Gi": (2**30, "GiB"),
}

#: The units from the smallest up, of powers of 1000 and of 1024.
_FAMILIES = (("exact", "K", "M", "G"), ("exact", "Ki", "Mi", "Gi"))


def unit_for(units: str, numbers: Iterable[object]) -> str:
    """Return the unit that numbers which stand together are read in.

    It is the one asked for, or the next smaller one that the largest of them reaches; `auto` is
    the largest that it reaches, of powers of 1000.  Formulas count as nothing.

    >>> unit_for("G", [25_557_032, 9408]), unit_for("auto", [3857973248]), unit_for("Ki", [3])
    ('M', 'G', 'exact')
    """
    if units == "exact":
        return units
    largest_number = max((abs(n) for n in numbers if isinstance(n, int)), default=0)
    family = next((f for f in _FAMILIES if units in f), _FAMILIES[0])
    known = family if units == "auto" else family[: family.index(units) + 1]
    if not largest_number:
        return known[-1] if units != "auto" else "exact"
    return next(unit for unit in reversed(known) if largest_number >= UNITS[unit][0])


#: The x or * that multiplies: between numbers, or between letters that stand for extents.
_BETWEEN_EXTENTS = (
    r"(?<=[\d)])x(?=[\d(])|(?<=[\dA-Z])x(?=[A-Z])|(?<=[A-Z])x(?=\d)"
    r"|(?<= )x(?= )|(?<=\d )\*(?= \d)"
)


class Share(NamedTuple):
    """A part of a whole."""

    part: int
    whole: int


class CellKind(NamedTuple):
    """How values of one kind are written.

    `text` for people, `plain` for CSV, `data` for JSON, `rank` to sort by (numbers sort downward,
    texts upward).  They never see None or `UNKNOWN`, which have marks of their own.
    """

    name: str
    text: Callable[[Any, Style], str]
    plain: Callable[[Any, Style], str]
    data: Callable[[Any, Style], Json]
    rank: Callable[[Any], Any]


def number_text(number: Dim, units: str, notation: Notation | None = None) -> str:
    """Write a count with separators, or in units of K, M, ... with two decimals.

    Expressions have no units; `notation` is how the report writes them.

    >>> number_text(62378344, "exact"), number_text(62378344, "M"), number_text(96, "M")
    ('62,378,344', '62.38', '<0.01')
    """
    if not isinstance(number, int):
        return notation.text(number) if notation is not None else str(number)
    base = UNITS[units][0]
    if base == 1:
        return f"{number:,}"
    hundredths = (100 * number + base // 2) // base
    if not hundredths:
        return "<0.01" if number else "0"
    return f"{hundredths // 100:,}.{hundredths % 100:02}"


def amount_text(number: Dim, style: Style) -> str:
    """Write a count that has no header to state its unit.

    >>> from shapecalc.output.view import View
    >>> amount_text(62378344, View()), amount_text(62378344, View(units="Mi"))
    ('62,378,344', '59.49 Mi')
    """
    return amount_in(number, unit_for(style.units, [number]), style.notation)


def amount_in(number: Dim, units: str, notation: Notation | None = None) -> str:
    """Write a count with its unit."""
    text = number_text(number, units, notation)
    return text + (f" {units}" if units != "exact" else "")


def bytes_text(number: Dim, style: Style) -> str:
    """Write a number of bytes.

    >>> from shapecalc.output.view import View
    >>> bytes_text(249513376, View()), bytes_text(249513376, View(units="M"))
    ('249,513,376 bytes', '249.51 MB')
    """
    units = unit_for(style.units, [number])
    return f"{number_text(number, units, style.notation)} {UNITS[units][1]}"


def machine_text(number: Dim) -> str:
    """Write a count for programs: an expression in the spec's own language."""
    return str(_machine(number))


def _machine(number: Dim) -> int | str:
    if isinstance(number, int):
        return number
    from shapecalc.algebra.notation import code_of

    return code_of(number)


def _machine_shape(shape: Shape, style: Style) -> list[int | str]:
    return list(map(_machine, as_list(shape, style.layout)))


def _plain_shape(shape: Shape, style: Style) -> str:
    """Write a shape for CSV: 55x55x96, or as the language writes one of expressions."""
    extents = _machine_shape(shape, style)
    if all(isinstance(extent, int) for extent in extents):
        return "x".join(map(str, extents))
    return f"[{', '.join(map(str, extents))}]"


def shapes_text(shapes: tuple[Shape, ...], style: Style) -> str:
    """Write what flows in: volumes that differ only in channels as one."""
    texts = [as_text(shape, style.layout, style.brief) for shape in shapes]
    if len(texts) > 1 and len(set(texts)) == 1:
        return f"{len(texts)} * {texts[0]}"
    if len(texts) > 1 and shapes[0].sides and len({shape.sides for shape in shapes}) == 1:
        sides = times_text(shapes[0].sides, style.brief)
        channels = f"({'+'.join(str(shape.channels) for shape in shapes)})"
        times = " x " if " " in sides else "x"
        return times.join([sides, channels] if style.layout == "hwc" else [channels, sides])
    return ", ".join(texts)


def percent_text(share: Share, style: Style) -> str:
    """Write a share in percent with one decimal."""
    part, whole = share
    if not whole:
        return NOT_APPLICABLE_MARK
    tenths = (2000 * part + whole) // (2 * whole)
    if not tenths:
        return "<0.1%" if part else "0"
    return f"{tenths // 10}.{tenths % 10}%"


def _percent(share: Share) -> float:
    return round(100 * share.part / share.whole, 4) if share.whole else 0.0


def _extent(value: Dim | Fraction) -> int | float | str:
    if is_symbolic(value) or value == int(value):  # type: ignore[arg-type]
        return _machine(value if is_symbolic(value) else int(value))  # type: ignore[arg-type]
    return float(value)  # type: ignore[arg-type]


def _extent_text(value: Dim | Fraction) -> str:
    return machine_text(value) if is_symbolic(value) else str(value)  # type: ignore[arg-type]


def _plain_sides(values: Sequence[Dim | Fraction]) -> str:
    texts = list(map(_extent_text, values))
    return f"[{', '.join(texts)}]" if any(map(is_symbolic, values)) else "x".join(texts)


def _volume(shape: Shape) -> Dim:
    return shape.size


TEXT = CellKind("text", lambda v, _: v, lambda v, _: v, lambda v, _: v, lambda v: v)
NAMES = CellKind(
    "text",
    lambda v, _: ", ".join(v),
    lambda v, _: "; ".join(v),
    lambda v, _: list(v),
    ", ".join,
)
SHAPE = CellKind(
    "shape",
    lambda v, style: as_text(v, style.layout, style.brief),
    _plain_shape,
    _machine_shape,
    _volume,
)
SHAPES = CellKind(
    "shape",
    shapes_text,
    lambda v, style: "; ".join(_plain_shape(shape, style) for shape in v),
    lambda v, style: [_machine_shape(shape, style) for shape in v],
    lambda v: sum(map(_volume, v)),
)
NUMBER = CellKind(
    "number",
    lambda v, style: number_text(v, style.units, style.notation),
    lambda v, _: machine_text(v),
    lambda v, _: _machine(v),
    lambda v: v,
)
BYTES = NUMBER._replace(name="bytes")


def _sides_text(v: tuple[Dim, ...], style: Style) -> str:
    text = square(v, None if style.notation is None else style.notation.text)
    return f"at most {text}" if isinstance(v, AtMost) else text


SIDES = CellKind(
    "sides",
    _sides_text,
    lambda v, _: _plain_sides(v),
    lambda v, _: [_extent(extent) for extent in v],
    largest,
)
FLAG = CellKind("flag", lambda v, _: "yes" if v else "no", lambda v, _: str(v).lower(),
                lambda v, _: bool(v), bool)  # fmt: skip
PERCENT = CellKind(
    "percent", percent_text, lambda v, _: str(_percent(v)), lambda v, _: _percent(v), _percent
)


def decimal_text(number: Fraction) -> str:
    """Write a fraction with two decimals.

    >>> from fractions import Fraction
    >>> decimal_text(Fraction(12345, 8)), decimal_text(Fraction(1, 999))
    ('1,543.13', '<0.01')
    """
    hundredths = (200 * number.numerator + number.denominator) // (2 * number.denominator)
    if not hundredths:
        return "<0.01" if number else "0"
    return f"{hundredths // 100:,}.{hundredths % 100:02}"


DECIMAL = CellKind(
    "decimal",
    lambda v, _: decimal_text(v),
    lambda v, _: repr(float(v)),
    lambda v, _: float(v),
    lambda v: v,
)


def cell_text(kind: CellKind, value: object, style: Style) -> str:
    """Write a value for people."""
    if value is None or value == ():
        return NOT_APPLICABLE_MARK
    return UNKNOWN_MARK if value is UNKNOWN else one_line(kind.text(value, style))


def cell_plain(kind: CellKind, value: object, style: Style) -> str:
    """Write a value for a line of plain cells: an empty one is not applicable, `?` is unknown."""
    if value is None:
        return ""
    return UNKNOWN_MARK if value is UNKNOWN else kind.plain(value, style)


def cell_data(kind: CellKind, value: object, style: Style) -> Json:
    """Return a value as JSON has it."""
    if value is None:
        return None
    return "unknown" if value is UNKNOWN else kind.data(value, style)


def split_times(text: str, names: re.Pattern[str] | None = None) -> list[str]:
    """Split a text at the x or * between extents, which papers set as a multiplication sign.

    What `names` finds stays whole: a layer may be called 3x3.

    >>> split_times("96 11x11 /4"), split_times("2 * 4096")
    (['96 11', '11 /4'], ['2 ', ' 4096'])
    >>> split_times("HxWx3")
    ['H', 'W', '3']
    >>> split_times("3a/1x1 gives 28x28x64", re.compile("3a/1x1"))
    ['3a/1x1 gives 28', '28', '64']
    """
    if names is None:
        return re.split(_BETWEEN_EXTENTS, text)
    whole = [name.span() for name in names.finditer(text)]
    signs = [
        sign.span()
        for sign in re.finditer(_BETWEEN_EXTENTS, text)
        if not any(start <= sign.start() < end for start, end in whole)
    ]
    starts, ends = [0, *(end for _, end in signs)], [*(start for start, _ in signs), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def superscript(number: int) -> str:
    """Write a number raised, as the mark of a note.

    >>> superscript(12)
    '¹²'
    """
    return str(number).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
