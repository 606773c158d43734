"""The bytes that a layer moves, and a roofline: whether memory or arithmetic bounds it.

A layer reads its weights once a batch, its inputs once an example, and writes its output once
(Williams, Waterman & Patterson 2009, Roofline).  Views and the network's inputs move nothing.  On
a device of so many operations and bytes a second a layer takes at least as long as the slower of
the two: a bound for layers that run one after the other, and no prediction.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from shapecalc.algebra import Dim, add_up, is_symbolic
from shapecalc.counting.storage import STORED_AS
from shapecalc.graph import Input

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.counting.storage import Stored
    from shapecalc.report import Row


class Sized(Protocol):
    """What says how many bytes elements take: a view, by its types and its batch."""

    @property
    def batch(self) -> int: ...
    def bytes(self, elements: Dim, of: Stored) -> Dim: ...
    def memory(self, elements: Dim) -> Dim: ...


class Moved(NamedTuple):
    """The bytes that are moved for a batch."""

    stored: Dim
    inputs: Dim
    outputs: Dim

    @property
    def all(self) -> Dim:
        """All of them."""
        return self.stored + self.inputs + self.outputs


def moved(rows: Iterable[Row], sized: Sized) -> Moved:
    """Return what layers move; weights that several share are read by each."""
    parts = [_moved(layer, sized) for row in rows for layer in row.layers]
    return Moved(*map(add_up, zip(*parts, strict=True))) if parts else Moved(0, 0, 0)


def _moved(row: Row, sized: Sized) -> Moved:
    if isinstance(row.layer, Input) or row.layer is None or row.layer.view:
        return Moved(0, 0, 0)
    return Moved(
        add_up(sized.bytes(array.size, STORED_AS[array.role]) for array in row.parameters),
        sized.memory(add_up(shape.size for shape in row.inputs)),
        sized.memory(row.output.size),
    )


def intensity(rows: Iterable[Row], sized: Sized) -> Fraction | None:
    """Return the FLOPs a byte moved; None of formulas, and where nothing is moved."""
    rows = tuple(rows)
    operations, size = add_up(row.flops for row in rows), moved(rows, sized).all
    if is_symbolic(operations) or is_symbolic(size) or not size:
        return None
    return Fraction(_whole(operations) * sized.batch, _whole(size))


def _whole(number: Dim) -> int:
    assert isinstance(number, int), "of formulas nothing is compared"
    return number


class Device(NamedTuple):
    """What a device can do at most: operations a second, and bytes a second to and from memory."""

    ops: int
    bandwidth: int

    @property
    def even(self) -> Fraction:
        """The FLOPs a byte at which arithmetic and memory take as long."""
        return Fraction(self.ops, self.bandwidth)


class LeastTime(NamedTuple):
    """The seconds that a layer takes at least for its operations, and for what it moves."""

    arithmetic: Fraction
    memory: Fraction

    @property
    def seconds(self) -> Fraction:
        """The larger of them."""
        return max(self)

    @property
    def bound(self) -> Literal["arithmetic", "memory"]:
        """What takes longer."""
        return "arithmetic" if self.arithmetic > self.memory else "memory"


def least_times(rows: Iterable[Row], sized: Sized, device: Device) -> list[LeastTime] | None:
    """Return the least times of the layers that move anything; None of formulas."""
    times = []
    for row in rows:
        for layer in row.layers:
            size, operations = moved([layer], sized).all, layer.flops
            if is_symbolic(size) or is_symbolic(operations):
                return None
            if size:
                arithmetic = Fraction(_whole(operations) * sized.batch, device.ops)
                times.append(LeastTime(arithmetic, Fraction(_whole(size), device.bandwidth)))
    return times


def seconds(times: Iterable[LeastTime]) -> Fraction:
    """Return how long layers take at least, one after the other."""
    return sum((time.seconds for time in times), Fraction())


def bounds(times: Iterable[LeastTime]) -> dict[str, int]:
    """Count the layers that arithmetic bounds and those that memory does, as far as there are."""
    return dict(sorted(Counter(time.bound for time in times).items()))


class DeviceWordError(ValueError):
    """A device that cannot be read: from where to where, and what it should be."""

    def __init__(self, start: int, end: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.start = start
        self.end = end
        self.message = message
        self.hint = hint


_PART = re.compile(
    r"\s*(\w*)\s*=\s*([\d.]*(?:[eE]\+?\d{1,2}(?!\w))?)\s*([KMGTP]?)\s*(\S*)\s*", re.ASCII
)
#: What the limits are called, in small letters.
_LIMITS = {"ops": "ops", "flops": "ops", "bandwidth": "bandwidth", "bw": "bandwidth"}
_POWERS = {letter: 1000**power for power, letter in enumerate(("", *"KMGTP"))}
#: What may stand behind a number, in small letters, beside nothing.
_UNITS = {
    "ops": ("ops", "op/s", "ops/s", "flops", "flop/s", "flops/s"),
    "bandwidth": ("b", "b/s", "byte/s", "bytes/s"),
}
_DIGITS = re.compile(r"(\d+(\.\d+)?|\.\d+)([eE]\+?\d+)?", re.ASCII)
_EXAMPLE = '"ops=10T, bandwidth=100G"'


def read_device(text: str) -> Device:
    """Read a device: ``ops=10T, bandwidth=100G``, in powers of 1000.

    Raises `DeviceWordError`.

    >>> read_device("ops=4.5 TFLOPS, bandwidth=25.6GB/s")
    Device(ops=4500000000000, bandwidth=25600000000)
    >>> read_device("FLOPS=19.5T, BW=1.555e12")
    Device(ops=19500000000000, bandwidth=1555000000000)
    """
    numbers: dict[str, int] = {}
    end = -1
    for part in text.split(","):
        start, end = end + 1, end + 1 + len(part)
        name, number = _number(part, start, end)
        if name in numbers:
            raise DeviceWordError(start, end, f"{name} is given twice", f"write {_EXAMPLE}")
        numbers[name] = number
    for name in _UNITS:
        if name not in numbers:
            message = f"a device needs {name}, too"
            raise DeviceWordError(0, len(text), message, f"write {_EXAMPLE}")
    return Device(**numbers)


def _number(part: str, start: int, end: int) -> tuple[str, int]:
    """Read one limit of a device."""
    match = _PART.fullmatch(part)
    if match is None or match[1].lower() not in _LIMITS:
        message = f"'{part.strip()}' is no limit of a device"
        raise DeviceWordError(start, end, message, f"ops and bandwidth a second, like {_EXAMPLE}")
    name, digits, power, unit = match.groups()
    name = _LIMITS[name.lower()]
    if unit and unit.lower() not in _UNITS[name]:
        hint = "two operations are one MAC, so write twice as many" if "mac" in unit.lower() else ""
        message = f"'{power}{unit}' is no unit of {name}"
        if unit.upper() in _POWERS:
            hint = f"did you mean {digits}{unit.upper()}?"
        hint = hint or f"use K, M, G, T or P (powers of 1000), like {_EXAMPLE}"
        raise DeviceWordError(start + match.start(3), start + match.end(4), message, hint)
    number = Fraction(digits) * _POWERS[power] if re.fullmatch(_DIGITS, digits) else Fraction(0)
    if number < 1 or number.denominator != 1:
        message = f"{name} must be a whole number above 0"
        raise DeviceWordError(start, end, message, f"write {_EXAMPLE}")
    if unit in ("b", "b/s"):
        hint = f"8 bits are a byte: write {float(Fraction(digits) / 8):g}{power}B/s"
        message = f"'{power}{unit}' counts bits, and bandwidth is in bytes a second"
        raise DeviceWordError(start + match.start(3), start + match.end(4), message, hint)
    return name, int(number)
