"""What a layer gives, rightly and with mistakes: every formula written out by itself.

`ids` are the mistakes somebody makes, at most two; `variant` chooses among the forms that one has.
A volume is (side, channels); the side of a vector is 0.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tests.homework.diagnosis.simulated.networks import Layer

Side: TypeAlias = "int | Fraction"
Volume: TypeAlias = "tuple[Side, int]"

#: By the column where a mistake is made, and the kinds of layer where it can be.
SIZES = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S23")
DEPTHS = ("S13", "S14", "S15", "S18")
#: Mistakes in the product, in the biases, and in both.
WEIGHTS = ("P2", "P5", "P12", "P14", "P15", "P16", "P17", "P18", "P22", "P25", "P26", "P27")
BIASES = ("P1", "P6", "P7", "P8", "P9", "P10", "P11", "P29")
WHOLE = ("P3", "P4", "P13", "P19", "P24", "P28", "P33")
MACS = ("F4", "F5", "F6", "F7", "F8", "F9", "F11", "F13", "F1", "F2", "F12")
OF_TOTAL = ("P34", "P35")
COLUMNS = {
    "output": SIZES + DEPTHS,
    "weights": (*WEIGHTS, "P4", "P13", "P19", "P24", "P33"),
    "biases": tuple(name for name in BIASES if name != "P1"),
    "params": WEIGHTS + BIASES + WHOLE,
    "macs": MACS,
    "flops": (*MACS, "F3"),
    "memory": ("F14",),
}
#: What a mistake is about; of two that are about the same, nobody makes both.  Those that put
#: something else in the formula's place are about all of it.
_ABOUT = {
    "plus": "S1 S2",
    "stride": "S3 S12",
    "pad": "S4 S5 S23",
    "rounding": "S6 S7",
    "side": "S8 S9 S10 S11",
    "channels": "S13 S14 S15 S18",
    "kernel": "P5 P12 P14 P17 P18 F9",
    "depth": "P2 P3 P14 P15 P16 P22 P26 P27 F7",
    "area": "P25 P27",
    "filters": "P4 F8",
    "bias": "P1 P3 P4 P6 P7 P8 P9 P10 P11 P29",
    "places": "F4 F5 F6 F11",
    "all": "P13 P19 P24 P28 P33 F3 F12",
}
ABOUT = {
    name: {about for about, names in _ABOUT.items() if name in names.split()}
    for name in (*SIZES, *DEPTHS, *WEIGHTS, *BIASES, *WHOLE, *MACS, "F3")
}
#: These are other conventions where they are kept.
CONVENTIONS = ("F1", "F2", "F3", "F12")
VARIANTS = 4


class Around(NamedTuple):
    """What a mistake may take from elsewhere: the kernel before, and the volume before a pool."""

    kernel: int = 0
    before_pool: Volume = (0, 0)


class Count(NamedTuple):
    """A count: the product of factors, and what is added."""

    factors: tuple[int, ...] = ()
    plus: tuple[int, ...] = ()

    @property
    def value(self) -> int:
        return (prod(self.factors) if self.factors else 0) + sum(self.plus)

    @property
    def text(self) -> str:
        """How somebody writes it who shows the work."""
        product = ["*".join(map(str, self.factors))] if self.factors else []
        return "+".join([*product, *map(str, self.plus)])


def windows(n: int, layer: Layer, *, ceil: bool) -> int:
    """Count the places of a window by moving it."""
    whole = n + 2 * layer.pad
    starts = [at for at in range(0, whole, layer.stride) if at + layer.kernel <= whole]
    partial = ceil and starts and starts[-1] + layer.kernel < whole
    return len(starts) + bool(partial and starts[-1] + layer.stride < n + layer.pad)


def side_of(layer: Layer, n: int, ids: tuple[str, ...]) -> Side:
    """Size a side; a mistake that does not apply to the layer changes nothing."""
    kernel, stride, pad, ceil = layer.kernel, layer.stride, 2 * layer.pad, layer.ceil
    plus, inside = 1, 0
    for name in ids:
        if name == "S1":
            plus = 0
        elif name == "S2" and stride > 1:
            plus, inside = 0, 1
        elif name == "S3":
            stride = 1
        elif (name == "S4" and stride == 1) or (name == "S23" and layer.stride > 1):
            pad = 0
        elif name == "S5":
            pad = layer.pad
        elif name in ("S6", "S7"):
            ceil = name == "S6"
        elif name == "S12" and layer.kind == "pool":
            stride = kernel
        elif name == "S10":
            return -(-n // stride)
        elif name == "S11" and stride > 1:
            return n // stride
        elif name == "S9" and n == 227 and not pad:
            return Fraction(224 + 4 - kernel, stride) + 1
        elif name == "S8":
            return Fraction(n + pad - kernel, stride) + 1
    if (plus, inside, stride, pad, ceil) == (1, 0, layer.stride, 2 * layer.pad, layer.ceil):
        return windows(n, layer, ceil=ceil)
    room = n + pad - kernel + inside
    return (-(-room // stride) if ceil else room // stride) + plus


def output(
    layer: Layer, entering: tuple[Volume, ...], ids: tuple[str, ...] = (), variant: int = 0
) -> Volume | None:
    """Return a layer's volume; None where nothing fits."""
    n, ci = entering[0]
    assert isinstance(n, int)
    if layer.kind == "dense":
        return 0, layer.filters
    if layer.kind == "concat":
        if len({side for side, _ in entering}) > 1:
            return None
        depths = [channels for _, channels in entering]
        if "S18" in ids:
            return n, (max(depths), depths[-1], depths[0])[variant % 3]
        return n, sum(depths)
    if not n or layer.kernel > n + 2 * layer.pad:
        return None
    side, channels = side_of(layer, n, ids), layer.filters or ci
    if side == int(side):
        side = int(side)
    if layer.kind == "pool" and "S13" in ids:
        channels = ci // 2
    if layer.kind == "conv" and "S14" in ids:
        channels = ci
    if layer.kind == "conv" and "S15" in ids:
        channels = ci * layer.filters
    return (side, channels) if min(side, channels) >= 1 else None


def _dense(layer: Layer, flowing: Volume, ids: tuple[str, ...], around: Around) -> Count:
    side, ci = flowing
    area, units = int(side) ** 2 or 1, layer.filters
    bias = units
    for name in ids:
        if name == "P25":
            area = 1
        elif name == "P26" and side:
            ci = 1
        elif name == "P27" and around.before_pool[0]:
            area, ci = int(around.before_pool[0]) ** 2, around.before_pool[1]
        elif name == "P28":
            return Count((), (int(side) ** 2 * flowing[1] or flowing[1], units))
        elif name in ("P1", "P29", "P7", "P11"):
            entering = (int(side) ** 2 or 1) * flowing[1]
            bias = {"P1": 0, "P29": 1, "P7": entering, "P11": 2 * units}[name]
    return Count((area, ci, units), (bias,) if bias else ())


def params(
    layer: Layer,
    entering: Volume,
    made: Volume,
    ids: tuple[str, ...] = (),
    around: Around = Around(),  # noqa: B008
    variant: int = 0,
) -> Count:
    """Count a layer's parameters."""
    k, p, co, ci = layer.kernel, layer.pad, layer.filters, entering[1]
    places = int(made[0]) ** 2
    if layer.kind == "pool":
        if "P24" in ids:
            factors = (k, k, ci) if variant % 2 == 0 else (k, k, ci, ci)
            return Count(factors, (ci,) if variant < 2 else ())
        return Count()
    if layer.kind == "concat":
        return Count()
    if layer.kind == "dense":
        return _dense(layer, entering, ids, around)
    area, depth, bias, more = (k, k), (ci,), co, ()
    for name in ids:
        if name == "P2":
            depth = ()
        elif name == "P5":
            area = (k,)
        elif name == "P12":
            area = (2 * k,)
        elif name == "P14":
            area, depth = (k * k + ci,), ()
        elif name == "P15":
            depth = (3,)
        elif name == "P16":
            depth = (co,)
        elif name == "P17" and p:
            area = (k + 2 * p, k + 2 * p)
        elif name == "P18":
            other = (around.kernel or k, 3)[variant % 2]
            area = (other, other)
        elif name == "P22" and ci % 2 == 0:
            depth = (ci // 2,)
        elif name in ("P1", "P6", "P7", "P8", "P9", "P10", "P11"):
            bias = {
                "P1": 0, "P6": 1, "P7": ci, "P8": ci * co, "P9": places * co, "P10": ci + co,
            }.get(name, 2 * co)  # fmt: skip
        elif name == "P3":
            depth, bias = (), 0
        elif name == "P4":
            return Count((*area, *depth), (1,) if bias and variant % 2 == 0 else ())
        elif name == "P13":
            more, bias = (places,), places * co
        elif name == "P19":
            return Count((places, co))
    return Count((*area, *depth, co, *more), (bias,) if bias else ())


def macs(
    layer: Layer, entering: Volume, made: Volume, ids: tuple[str, ...] = (), *, twice: bool = False
) -> Count:
    """Count a layer's multiply-accumulates, or operations: two each."""
    n, ci = entering
    side, co = made
    scale: tuple[int, ...] = (2,) if twice else ()
    if layer.kind == "concat":
        return Count()
    if layer.kind == "pool":
        k = layer.kernel
        return Count((k, k, int(side) ** 2, co)) if "F12" in ids else Count()
    k = layer.kernel
    sides: tuple[int, ...] = (int(side), int(side))
    area, depth, filters, plus = (k, k), (ci,), (layer.filters,), ()
    if layer.kind == "dense":
        area, sides = ((int(n), int(n)) if n else ()), ()
    for name in ids:
        if name == "F1":
            scale = () if twice else (2,)
        elif name == "F13":
            scale = (3, *scale)
        elif name == "F2":
            plus = (prod(sides) * layer.filters,)
        elif name == "F3" and twice:
            return Count((2 * prod(area) * ci - 1, *sides, layer.filters))
        elif name == "F11" and layer.kind == "dense" and n:
            sides = (int(n), int(n))
        if layer.kind != "conv":
            continue
        if name == "F4":
            sides = (int(n), int(n))
        elif name == "F5":
            sides = ()
        elif name == "F6":
            sides = (int(side),)
        elif name == "F7":
            depth = ()
        elif name == "F8":
            filters = ()
        elif name == "F9":
            area = (k,)
    return Count((*scale, *area, *depth, *filters, *sides), plus)


def connections(layer: Layer, entering: Volume, made: Volume) -> int:
    """Count (inputs of a unit + its bias) x units."""
    if layer.kind == "dense":
        return ((int(entering[0]) ** 2 or 1) * entering[1] + 1) * layer.filters
    units = int(made[0]) ** 2 * made[1]
    if layer.kind == "concat":
        return 0
    area = layer.kernel**2
    return area * units if layer.kind == "pool" else (area * entering[1] + 1) * units


def tried(column: str, *, total: bool = False) -> list[tuple[str, ...]]:
    """List every mistake that can show in a column, alone and in twos."""
    if total:
        names: tuple[str, ...] = OF_TOTAL if column == "params" else ()
    else:
        names = COLUMNS.get(column, ())
    return [(name,) for name in names] + [two for two in combinations(names, 2) if not clash(*two)]


def clash(first: str, second: str) -> bool:
    """Tell whether two mistakes of a column are about the same."""
    about, other = ABOUT.get(first, set()), ABOUT.get(second, set())
    sides = "side" in about | other and {first, second} <= {*SIZES}
    return bool(about & other) or "all" in about | other or sides
