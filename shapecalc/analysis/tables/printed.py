"""Printed cells: what a paper's text says, how precisely it says it, and what agrees with it.

A text is read once, without knowing what was computed.  `agrees` then compares a computed value at
the precision that is printed, under the one convention that the table declares.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers import ALIASES, BUILTIN
from shapecalc.spec.papers import paper_word
from shapecalc.text.foreign import FOREIGN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.analysis.tables.model import Convention


#: A printed cell has at most so many characters.
LONGEST = 100

_MANTISSA = r"(?P<whole>\d{1,3}(?:,\d{3})+|\d{1,30})(?:\.(?P<part>\d{1,12}))?"
_POWER = r"(?P<power>\s*[xX×*·]\s*10\s*(?:\^|\*\*)?\s*(?P<raised>\d{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2}))?"
_NUMBER = re.compile(rf"{_MANTISSA}{_POWER}(?P<unit>.*)", re.ASCII)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_EXTENTS = re.compile(r"\[?\s*(\d{1,12}(?:\s*[xX×*]\s*\d{1,12}){0,3})\s*\]?", re.ASCII)
_WINDOW = re.compile(r"(?P<kernel>[^/]+?)\s*(?:/\s*(?P<stride>[^/]+))?")
_TIMES = re.compile(r"\s*[xX×*]\s*")
_DETAIL = re.compile(r"(?P<word>[^()]+?)\s*(?:\((?P<detail>[^()]+)\))?")


class UnreadableError(Exception):
    """A printed cell that says nothing of its kind."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class PrintedNumber(NamedTuple):
    """A printed number: 2.7K is 2.7 x 1024 to 0.1 x 1024, where K is 1024.

    `quantum` is one unit of the last printed digit, `scale` what the cell's unit stands for, and
    `digits` how many digits stand before the zeros at the end.  `behind` is what follows the
    digits in print, `decimals` how many of them follow the point.
    """

    value: Fraction
    quantum: Fraction
    scale: Fraction
    digits: int
    decimals: int
    grouped: bool
    behind: str

    def agrees(self, value: Fraction, convention: Convention) -> bool:
        """Whether a value, written at the printed precision, is what is printed."""
        quantum, digits = self.quantum, convention.significant
        if digits and (self.digits <= digits or self.scale != 1):
            quantum = max(quantum, self.scale * _place(value / self.scale, digits))
        return _rounded(value / quantum, convention.rounding) * quantum == self.value

    def beside(self, value: Fraction) -> str:
        """Write a computed value as the cell is printed, with two digits more where it has them."""
        scaled = value / self.scale
        decimals = 0 if scaled.denominator == 1 else self.decimals + 2
        tens = 10**decimals
        whole, part = divmod(_rounded(scaled * tens, "nearest"), tens)
        point = f".{part:0{decimals}}" if decimals else ""
        if (scaled * tens).denominator == 1:  # nothing is lost without the zeros
            point = point.rstrip("0").rstrip(".")
        return f"{whole:,}{point}{self.behind}" if self.grouped else f"{whole}{point}{self.behind}"


class PrintedExtents(NamedTuple):
    """A printed volume, or the sides of one.

    Computed are all the ways to write it, the full one first: a vector of 1000 units is 1000 or
    1x1x1000, one map of 19x19 is 19x19x1 or 19x19, and a square has one number for its sides.
    """

    extents: tuple[int, ...]

    def agrees(self, value: tuple[tuple[int, ...], ...], convention: Convention) -> bool:
        """Whether one of the ways is printed."""
        return self.extents in value

    def beside(self, value: tuple[tuple[int, ...], ...]) -> str:
        """Write the way with as many extents as are printed."""
        alike = [extents for extents in value if len(extents) == len(self.extents)]
        return "x".join(map(str, (alike or value)[0]))


class PrintedKernel(NamedTuple):
    """A printed window: its extents, and its stride if that is printed."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...] | None

    def agrees(
        self, value: tuple[tuple[int, ...], tuple[int, ...]], convention: Convention
    ) -> bool:
        """Whether kernel and stride are those printed; one number stands for all sides."""
        kernel, stride = value
        return _same(self.kernel, kernel) and (self.stride is None or _same(self.stride, stride))

    def beside(self, value: tuple[tuple[int, ...], tuple[int, ...]]) -> str:
        """Write kernel and stride as the cell has them."""
        kernel, stride = value
        if self.stride is None:
            return "x".join(map(str, kernel))
        steps = stride if len(set(stride)) > 1 else stride[:1]
        return f"{'x'.join(map(str, kernel))}/{'x'.join(map(str, steps))}"


def read_number(text: str, units: Mapping[str, Fraction]) -> PrintedNumber:
    """Read a number: 122,304, 2.7K, 3.8x10^9, 60 million; `units` are those allowed behind it.

    Raises `UnreadableError` for anything else.
    """
    match = _NUMBER.fullmatch(text)
    unit = match["unit"].strip() if match else ""
    if match is None or unit not in units:
        known = ", ".join(word for word in units if word)
        hint = f"behind the digits may stand {known}" if known else "digits alone"
        raise UnreadableError(f"'{text}' is not a number like 122,304 or 3.8x10^9", hint)
    whole, part = match["whole"].replace(",", ""), match["part"] or ""
    scale = units[unit]
    if match["raised"]:  # a unit of its own
        power = 10 ** int(match["raised"].translate(_RAISED))
        scale = power * (units[unit] if unit else Fraction(1))
    quantum = scale / 10 ** len(part)
    return PrintedNumber(
        value=int(whole + part) * quantum,
        quantum=quantum,
        scale=scale,
        digits=len((whole + part).strip("0")) or 1,
        decimals=len(part),
        grouped="," in match["whole"],
        behind=(match["power"] or "") + match["unit"],
    )


def read_extents(text: str) -> PrintedExtents:
    """Read 112x112x64, [55x55x96], 13 × 13 or 110.  Raises `UnreadableError` for anything else."""
    match = _EXTENTS.fullmatch(text)
    if match is None:
        hint = "up to four whole numbers with x between them, channels last"
        raise UnreadableError(f"'{text}' is not a volume like 112x112x64, or sides like 7x7", hint)
    return PrintedExtents(tuple(map(int, _TIMES.split(match[1]))))


def read_kernel(text: str) -> PrintedKernel:
    """Read 7x7/2, or 3x3 alone.  Raises `UnreadableError` for anything else."""
    match = _WINDOW.fullmatch(text)
    try:
        if match is not None:
            stride = match["stride"]
            return PrintedKernel(
                read_extents(match["kernel"]).extents,
                read_extents(stride).extents if stride is not None else None,
            )
    except UnreadableError:
        pass  # told below, in the words of a window
    hint = "the kernel, and behind a / the stride"
    raise UnreadableError(f"'{text}' is not a window like 7x7/2 or 3x3", hint)


class LayerKind(NamedTuple):
    """What a layer, or a level of the paths, is: the comparison's side.

    `extent` is the kernel's where that is square, `width` the number of output channels, and
    `share` what a dropout drops, in percent.
    """

    type: str
    name: str
    extent: int | None = None
    width: int | None = None
    share: str = ""


class PrintedWord(NamedTuple):
    """A printed word: the type it means, and what else it says."""

    type: str
    extent: int | None = None
    width: int | None = None
    detail: str = ""

    def agrees(self, value: LayerKind, convention: Convention) -> bool:
        """Whether the layer is what the word says, in all that it says."""
        return (
            value.type.lower() == self.type
            and (self.extent is None or self.extent == value.extent)
            and (self.width is None or self.width == value.width)
            and (not self.detail or self.detail == _detail(value))
        )

    def beside(self, value: LayerKind) -> str:
        """Name the layer, saying of it what the printed word says."""
        if self.width is not None and value.type == "conv" and value.extent is not None:
            return f"conv{value.extent}-{value.width}"
        if self.width is not None and value.type == "dense":
            return f"FC-{value.width}"
        return value.type + (f" ({_detail(value)})" if self.detail and _detail(value) else "")


def read_word(text: str) -> PrintedWord:
    """Read a word for a layer; an unknown one is taken for a block's type."""
    paper = paper_word(text)
    says = paper.says if paper else {}
    if "units" in says:
        return PrintedWord("dense", width=int(says["units"]))
    if paper and paper.type == "conv" and says.get("kernel", "").isdigit():
        return PrintedWord("conv", int(says["kernel"]), int(says["filters"]))
    match = _DETAIL.fullmatch(text)
    word, detail = (match["word"], match["detail"] or "") if match else (text, "")
    plain = re.sub("[ _-]", "", word.lower())
    known = plain if plain in BUILTIN else ALIASES.get(plain, "")
    return PrintedWord(known or next(iter(FOREIGN.get(plain, ())), plain), detail=detail.lower())


def _detail(value: LayerKind) -> str:
    """Return what papers set in brackets: a dropout's share, or the end of a block's name."""
    return value.share or value.name.rpartition("_")[2].lower()


def _same(printed: tuple[int, ...], computed: tuple[int, ...]) -> bool:
    return printed == computed or (len(printed) == 1 and set(printed) == set(computed))


def _place(value: Fraction, digits: int) -> Fraction:
    """Return the place of a value's digit number `digits`: of 802.8 to two digits it is 10."""
    if not value:
        return Fraction(1)
    exponent = len(str(value.numerator)) - len(str(value.denominator))
    if value < Fraction(10) ** exponent:
        exponent -= 1
    return Fraction(10) ** (exponent - digits + 1)


def _rounded(value: Fraction, rounding: str) -> int:
    """Round to a whole number: nearest (a half upward), down or up."""
    if rounding == "down":
        return value.numerator // value.denominator
    if rounding == "up":
        return -(-value.numerator // value.denominator)
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
