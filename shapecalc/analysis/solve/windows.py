"""The windows that take one size to another: every kernel, stride and padding within bounds.

A convolution is many to one: a size has several windows that give it, and a window several sizes
that it takes to the same one.  For a kernel, a padding and a dilation the output never grows with
the stride (of a transposed convolution it never shrinks), so the strides that do it are an
interval, which bisection finds.  So the list is complete within its bounds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from shapecalc.algebra.expr import symbol
from shapecalc.algebra.relations import where
from shapecalc.analysis.solve.answer import bare
from shapecalc.errors import SpecErrors, refuse
from shapecalc.layers.window import Rounding, Window, output_size, transposed_size
from shapecalc.output.document import Grid
from shapecalc.spec.ranges import Range, ends, must_be_few, read_values
from shapecalc.text import Origin, Source, Span
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.words import counted, did_you_mean, must_be_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from shapecalc.algebra.integer_sets import Integers

#: The largest kernel that is considered when none is given.
MAX_KERNEL = 31
#: So many kernels x paddings x dilations are looked at.
MAX_LOOKED_AT = 200_000
#: So many near misses are told.
NEAREST = 3
#: Windows (kernel, stride, pad) that networks use, with shipped specs that have them.
KNOWN: dict[tuple[int, int, int], str] = {
    (3, 1, 1): "VGG, ResNet, AlexNet",
    (1, 1, 0): "GoogLeNet, ResNet",
    (5, 1, 2): "AlexNet, GoogLeNet, AlphaGo",
    (5, 1, 0): "LeNet-5",
    (2, 2, 0): "LeNet-5, VGG",
    (3, 2, 0): "AlexNet",
    (3, 2, 1): "ResNet",
    (1, 2, 0): "ResNet",
    (7, 2, 3): "GoogLeNet, ResNet",
    (11, 4, 0): "AlexNet",
    (7, 2, 1): "ZFNet",
}
_SIZES = re.compile(
    r"\s*(\d{1,9}(?:[x\u00d7]\d{1,9}){0,2})\s*(?:->|→|to)\s*(\d{1,9}(?:[x\u00d7]\d{1,9}){0,2})\s*"
)


class Move(NamedTuple):
    """A kernel, a padding and a dilation with the strides that do it, an interval.

    `pad` None is `same`, for which every kernel does.
    """

    kernel: int | None
    low: int
    high: int
    pad: int | None
    dilation: int = 1

    def window(self, rounding: Rounding) -> Window:
        """Return the window with the smallest of the strides."""
        if self.pad is None:
            return Window(self.kernel or 1, self.low, mode="same")
        return Window(self.kernel or 1, self.low, self.pad, self.pad, self.dilation, rounding)

    @property
    def known(self) -> str:
        """The networks that use one of these windows."""
        if self.kernel is None or self.pad is None or self.dilation > 1:
            return ""
        users = (
            networks
            for (kernel, stride, pad), networks in KNOWN.items()
            if (kernel, pad) == (self.kernel, self.pad) and self.low <= stride <= self.high
        )
        return "; ".join(users)

    @property
    def rank(self) -> tuple[object, ...]:
        """What comes first: known, centred, unpadded; then small."""
        extent = self.dilation * ((self.kernel or 1) - 1) + 1
        centred = self.pad is None or 2 * self.pad == extent - 1
        plain = 0 if centred else 1 if self.pad == 0 else 2
        return not self.known, plain, self.kernel or 0, self.low, self.pad or 0, self.dilation


@dataclass(frozen=True)
class Windows(Shown):
    """All windows within bounds that take sizes to sizes, the common ones first."""

    shapes = Shapes(
        "a list of windows",
        document="analysis.solve.document.document",
        records="analysis.solve.document.windows_records",
    )
    sizes: tuple[tuple[int, int], ...]
    moves: tuple[Move, ...]
    near: tuple[tuple[Move, tuple[int, ...]], ...]
    bounds: tuple[str, ...]
    rounding: Rounding = "floor"
    transposed: bool = False

    def __bool__(self) -> bool:
        """Whether any window does it."""
        return bool(self.moves)

    @property
    def network(self) -> str:
        """What moves."""
        return "transposed convolution" if self.transposed else "convolution or pool"

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of layers in it: there are none."""
        return ()

    @property
    def question(self) -> str:
        """What was asked."""
        before, after = ("x".join(map(str, extents)) for extents in zip(*self.sizes, strict=True))
        return f"{before} -> {after}"

    def answer(self) -> tuple[str, ...]:
        """Say how many there are."""
        if not self.moves:
            return ("none: no window within the bounds does it",)
        count = len(self.moves)
        return (f"{count:,} ways, the common ones first" if count > 1 else "one way",)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The bounds within which this is everything."""
        order = (
            "First stand windows of well-known networks, then `same` padding and windows centred on"
            " their pixel (pad = (kernel - 1)/2), those without padding, and then the smaller"
            " kernels."
        )
        remarks = [f"This is all there is with {', '.join(self.bounds)}."]
        if len(self.moves) > 1:
            remarks.append(
                order.replace("windows of well-known networks, then ", "")
                if self.transposed
                else order
            )
        if any(move.low == move.high for move in self.moves):
            remarks.append(
                "Convolution is many to one: `inputs` are all sizes that become the same."
            )
        return tuple(remarks)

    def inputs(self, move: Move) -> tuple[Integers, ...] | None:
        """Return per side every size that a window takes to the same one; None: many strides."""
        if move.low != move.high:
            return None
        take = _size_of(self.transposed, self.rounding)
        sets = [where(take(symbol("n"), move), "equal to", after, "n") for _, after in self.sizes]
        return tuple(numbers for numbers in sets if numbers is not None)

    def grids(self, most: int | None = None) -> tuple[Grid, ...]:
        """Return the table of the windows, or of those that miss by least."""
        head = ("kernel", "stride", "pad")
        dilated = any(move.dilation > 1 for move in self.moves)
        if not self.moves:
            title = "The nearest:"
            rows = [(*_cells(move), "x".join(map(str, out))) for move, out in self.near]
            right = (True, True, True, True)
            return (Grid((*head, "gives"), tuple(rows), right, title),) if rows else ()
        shown = self.moves[:most]
        rows = []
        for move in shown:
            extra = (str(move.dilation),) if dilated else ()
            known = "" if self.transposed else move.known
            rows.append((*_cells(move), *extra, self.inputs_text(move), known))
        more = len(self.moves) - len(shown)
        title = (
            f"The first {len(shown)} of {len(self.moves):,} (--all shows all):" if more else "By"
        )
        header = (*head, *(("dilation",) if dilated else ()), "inputs", "known from")
        right = (True, True, True, *((True,) if dilated else ()), False, False)
        return (Grid(header, tuple(rows), right, title if more else "These do it:"),)

    def inputs_text(self, move: Move) -> str:
        """Write every size that a window takes to the same one; nothing for many strides."""
        sets = self.inputs(move)
        if sets is None:
            return ""
        return " x ".join(bare(numbers) for numbers in dict.fromkeys(sets))

    def data(self) -> dict[str, Any]:
        """Return it as plain records."""
        return {
            "from": [before for before, _ in self.sizes],
            "to": [after for _, after in self.sizes],
            "rounding": self.rounding,
            "transposed": self.transposed,
            "solved": bool(self.moves),
            "windows": [
                {
                    "kernel": move.kernel,
                    "stride": {"from": move.low, "to": move.high},
                    "pad": "same" if move.pad is None else move.pad,
                    "dilation": move.dilation,
                    "inputs": None
                    if (sets := self.inputs(move)) is None
                    else [numbers.data() for numbers in sets],
                    "known_from": "" if self.transposed else move.known,
                }
                for move in self.moves
            ],
            "nearest": [
                {"kernel": m.kernel, "stride": m.low, "pad": m.pad, "gives": list(out)}
                for m, out in self.near
            ],
            "bounds": list(self.bounds),
        }


def _cells(move: Move) -> tuple[str, str, str]:
    stride = str(move.low) if move.low == move.high else f"{move.low} to {move.high}"
    kernel = "any" if move.kernel is None else str(move.kernel)
    return kernel, stride, "same" if move.pad is None else str(move.pad)


def windows_between(
    sizes: str,
    *,
    kernel: str | int | None = None,
    stride: str | int | None = None,
    pad: str | int | None = None,
    dilation: str | int = 1,
    rounding: str = "floor",
    transposed: bool = False,
) -> Windows:
    """List every window that takes sizes to sizes: `227 -> 55`, `224x224 -> 112x112`.

    The others are numbers or ranges that bound what is considered: kernels from 1 to 31, strides
    up to the input, paddings up to half of the kernel, dilation 1; `pad` may be `same`.  Raises
    `SpecErrors`: E347, and E340 to E342 for ranges.

    >>> [(m.kernel, m.low, m.pad) for m in windows_between("227 -> 55", kernel=11).moves]
    [(11, 4, 0), (11, 4, 1)]
    """
    must_be_text(sizes, "a pair of sizes", "227 -> 55")
    pairs = _read_sizes(sizes)
    if rounding not in get_args(Rounding):
        hint = (
            did_you_mean(rounding, get_args(Rounding)) or f"one of {', '.join(get_args(Rounding))}"
        )
        raise _refused("E303", "rounding", rounding, f"unknown rounding '{rounding}'", hint)
    rule: Rounding = rounding  # type: ignore[assignment]  # it is one of them
    kernels = _values("kernel", kernel, 1) or range(1, MAX_KERNEL + 1)
    widest = max(max(pair) for pair in pairs)
    strides = _values("stride", stride, 1) or range(1, widest + 1)
    if isinstance(strides, tuple):
        strides = tuple(sorted(strides))
    dilations = _values("dilation", dilation, 1) or (1,)
    same = str(pad).strip() == "same"
    pads = None if same else _values("pad", pad, 0)
    half = range(ends(kernels)[1] // 2 + 1) if pads is None else pads
    apart = strides if isinstance(strides, tuple) or strides.step > 1 else (1,)
    looked = (("kernel", kernels), ("pad", half), ("dilation", dilations), ("stride", apart))
    grid = [Range(name, values, Source(f"--{name}", name)) for name, values in looked]
    must_be_few(grid, MAX_LOOKED_AT, "narrow the ranges")
    bounds = [_bound("kernel", kernels), _bound("stride", strides)]
    bounds.append(
        "pad same" if same else _bound("pad", pads) if pads else "pad up to half the kernel or same"
    )
    bounds += [_bound("dilation", dilations)] if tuple(dilations) != (1,) else []
    bounds += [f"rounding {rule}"] if rule != "floor" else []
    candidates: Iterable[Move] = (
        Move(k, 1, 1, p, d)
        for k, d in product(kernels, dilations)
        for p in (pads if pads is not None else range(k // 2 + 1))
    )
    if same:
        candidates = []
    if same or pads is None:  # which gives ceil(n/stride), or n*stride, whatever the kernel
        candidates = [Move(None, 1, 1, None), *candidates]
    take = _size_of(transposed, rule)
    fitting: list[Move] = []
    near: list[tuple[int, Move, tuple[int, ...]]] = []
    for move in candidates:
        fits = list(_strides(move, pairs, strides, take, falls=not transposed))
        fitting += fits
        if not fits and not fitting:
            near += _misses(move, pairs, strides, take)
            near = sorted(near, key=lambda miss: (miss[0], miss[1].rank))[:NEAREST]
    moves = tuple(sorted(fitting, key=lambda move: move.rank))
    missed = () if moves else tuple((move, out) for _, move, out in near)
    return Windows(pairs, moves, missed, tuple(bounds), rule, transposed)


def _read_sizes(text: str) -> tuple[tuple[int, int], ...]:
    match = _SIZES.fullmatch(text)
    if match is None:
        hint = 'write two sizes: "227 -> 55", "224x224 -> 112x112"'
        raise _refused("E347", "conv", text, f"'{text}' is not a size that becomes another", hint)
    before, after = (tuple(map(int, re.split("[x\u00d7]", group))) for group in match.groups())
    if len(before) != len(after):
        message = f"{counted(len(before), 'side')} cannot become {len(after)}"
        raise _refused("E347", "conv", text, message, "write as many extents on either side")
    if 0 in before or 0 in after:
        raise _refused("E347", "conv", text, "no side has 0 pixels", "sizes are from 1 on")
    return tuple(dict.fromkeys(zip(before, after, strict=True)))


def _refused(code: str, option: str, text: str, message: str, hint: str) -> SpecErrors:
    origin = Origin(Source(f"--{option} {text}", text), Span(0, 0, 0, len(text)))
    return refuse(code, message, origin, hint)


def _values(name: str, option: str | int | None, least: int) -> range | tuple[int, ...] | None:
    """Read an option's numbers; None when it was not given."""
    if option is None:
        return None
    text = str(option)
    values = read_values(Source(f"--{name} {text}", text))
    if ends(values)[0] < least:
        raise _refused("E341", name, text, f"{name} is at least {least}", f"begin at {least}")
    return values


def _bound(name: str, values: range | tuple[int, ...]) -> str:
    if isinstance(values, range) and values.step == 1 and len(values) > 1:
        return f"{name} {values[0]} to {values[-1]}"
    return f"{name} {', '.join(map(str, values))}"


def _size_of(transposed: bool, rounding: Rounding) -> Callable[[Any, Move], Any]:
    """Return the function from a size, a number or a symbol, and a window to the output's size."""

    def take(n: Any, move: Move) -> Any:  # noqa: ANN401
        window = move.window(rounding)
        return transposed_size(n, window, None) if transposed else output_size(n, window)

    return take


def _strides(
    move: Move,
    pairs: tuple[tuple[int, int], ...],
    strides: range | tuple[int, ...],
    take: Callable[[Any, Move], Any],
    *,
    falls: bool,
) -> Iterator[Move]:
    """Yield the window with the strides that do it for all sides, one interval or single ones."""
    steps = strides
    low, high = 0, len(steps)
    for before, after in pairs:
        sign = -1 if falls else 1

        def reaches(place: int, least: int, n: int = before, sign: int = sign) -> bool:
            stride = steps[place]
            return bool(sign * take(n, move._replace(low=stride, high=stride)) >= least)

        first = _border(lambda place: reaches(place, sign * after), low, high)  # noqa: B023
        high = _border(lambda place: reaches(place, sign * after + 1), low, high)  # noqa: B023
        low = first
    if low >= high:
        return
    if steps[high - 1] - steps[low] == high - 1 - low:
        yield move._replace(low=steps[low], high=steps[high - 1])
    else:
        yield from (move._replace(low=stride, high=stride) for stride in steps[low:high])


def _border(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first place from `low` for which something holds, once and for all; or `high`."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _misses(
    move: Move,
    pairs: tuple[tuple[int, int], ...],
    strides: range | tuple[int, ...],
    take: Callable[[Any, Move], Any],
) -> Iterator[tuple[int, Move, tuple[int, ...]]]:
    """Yield the strides whose outputs are nearest to what was asked."""
    for stride in strides[:8]:
        strided = move._replace(low=stride, high=stride)
        sizes = tuple(take(before, strided) for before, _ in pairs)
        if min(sizes) >= 1:
            miss = sum(abs(size - after) for size, (_, after) in zip(sizes, pairs, strict=True))
            yield miss, strided, sizes
