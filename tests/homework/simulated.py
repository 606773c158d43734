"""A simulated class: students with known misconceptions, in code of its own.

Nothing here is shared with the diagnosis: networks are lists of tuples, sizes come from counting
windows, and every misconception is a formula written out again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

#: Kind, name, kernel, stride, padding, filters or units.
ALEXNET = (
    ("conv", "conv1", 11, 4, 0, 96),
    ("pool", "pool1", 3, 2, 0, 0),
    ("conv", "conv2", 5, 1, 2, 256),
    ("pool", "pool2", 3, 2, 0, 0),
    ("conv", "conv3", 3, 1, 1, 384),
    ("conv", "conv4", 3, 1, 1, 384),
    ("conv", "conv5", 3, 1, 1, 256),
    ("pool", "pool3", 3, 2, 0, 0),
    ("dense", "fc6", 0, 0, 0, 4096),
    ("dense", "fc7", 0, 0, 0, 4096),
    ("dense", "fc8", 0, 0, 0, 1000),
)
_PLAN = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
VGG16 = (
    *(
        layer
        for block, (times, filters) in enumerate(_PLAN, 1)
        for layer in (
            *(("conv", f"conv{block}_{n}", 3, 1, 1, filters) for n in range(1, times + 1)),
            ("pool", f"pool{block}", 2, 2, 0, 0),
        )
    ),
    ("dense", "fc6", 0, 0, 0, 4096),
    ("dense", "fc7", 0, 0, 0, 4096),
    ("dense", "fc8", 0, 0, 0, 1000),
)
NETWORKS = {"alexnet": (ALEXNET, 227), "vgg16": (VGG16, 224)}

#: By what a misconception is about.
OF_SIDES = ("S1", "S3", "S4", "S5", "S10", "S11", "S12", "S13", "S14")
OF_PARAMS = ("P1", "P2", "P5", "P6", "P7", "P8", "P9", "P13", "P15", "P16", "P25", "P26", "P29")
OF_MACS = ("F4", "F5", "F6", "F7", "F8", "F9", "F11")


class Student(NamedTuple):
    """A sheet, with what is intended: the misconception behind a cell, and the marks."""

    text: str
    mistakes: dict[tuple[str, str], str]
    marks: int


def windows(n: int, k: int, s: int, p: int) -> int:
    """Count the places of a window by moving it."""
    return sum(1 for start in range(0, n + 2 * p, s) if start + k <= n + 2 * p)


def side_of(name: str, n: int, k: int, s: int, p: int, kind: str) -> int:
    """Size an output as a student with a misconception does."""
    right = windows(n, k, s, p)
    if name == "S1":
        return right - 1
    if name == "S3":
        return windows(n, k, 1, p)
    if name == "S4" and s == 1:
        return windows(n, k, s, 0)
    if name == "S5" and p:
        return (n + p - k) // s + 1
    if name == "S10":
        return (n + s - 1) // s
    if name == "S11" and s > 1:
        return n // s
    if name == "S12" and kind == "pool":
        return windows(n, k, k, p)
    return right


def params_of(name: str, k: int, n: int, ci: int, co: int, out: int, kind: str) -> int:
    """Count parameters as a student with a misconception does."""
    if kind == "pool":
        return 0
    if kind == "dense":
        area = n * n if n else 1
        if name == "P25":
            return ci * co + co
        if name == "P26" and n:
            return area * co + co
        right = area * ci * co
        bias = {"P1": 0, "P29": 1, "P7": area * ci}.get(name, co)
        return right + bias
    right = k * k * ci * co
    table = {
        "P1": right,
        "P2": k * k * co + co,
        "P5": k * ci * co + co,
        "P6": right + 1,
        "P7": right + ci,
        "P8": (k * k + 1) * ci * co,
        "P9": right + out * out * co,
        "P13": (k * k * ci + 1) * out * out * co,
        "P15": k * k * 3 * co + co,
        "P16": k * k * co * co + co,
    }
    return table.get(name, right + co)


def macs_of(name: str, k: int, n: int, ci: int, co: int, out: int, kind: str) -> int:
    """Count multiply-accumulates as a student with a misconception does."""
    if kind == "pool":
        return 0
    if kind == "dense":
        right = (n * n if n else 1) * ci * co
        return right * n * n if name == "F11" and n else right
    table = {
        "F4": k * k * ci * co * n * n,
        "F5": k * k * ci * co,
        "F6": k * k * ci * co * out,
        "F7": k * k * co * out * out,
        "F8": k * k * ci * out * out,
        "F9": k * ci * co * out * out,
    }
    return table.get(name, k * k * ci * co * out * out)


def notation(rng: Random, number: int) -> str:
    """Write a number as somebody does."""
    return rng.choice(
        [str, lambda n: f"{n:,}", lambda n: f"{n:_}", lambda n: f"{n:,}".replace(",", " ")]
    )(number)


def volume(rng: Random, side: int, channels: int) -> str:
    """Write a volume as somebody does."""
    return rng.choice(["{0}x{0}x{1}", "{1}@{0}x{0}", "({0}, {0}, {1})", "{0}^2x{1}"]).format(
        side, channels
    )


def student(rng: Random, network: str, names: tuple[str, ...]) -> Student:
    """Fill a sheet in with misconceptions, everywhere where they apply."""
    layers, n = NETWORKS[network]
    of = {
        "output": next((name for name in names if name in OF_SIDES), ""),
        "params": next((name for name in names if name in OF_PARAMS), ""),
        "macs": next((name for name in names if name in OF_MACS), ""),
    }
    channels, lines, mistakes, cells = 3, ["layer;output;params;macs"], {}, 0
    for kind, name, k, s, p, filters in layers:
        ci, cells = channels, cells + 3
        if kind == "dense":
            out, channels, right = 0, filters, (0, filters)
            written = notation(rng, filters)
        else:
            out = side_of(of["output"], n, k, s, p, kind)
            channels = filters or ci
            right = (windows(n, k, s, p), channels)
            if of["output"] == "S13" and kind == "pool":
                channels = ci // 2
            if of["output"] == "S14" and kind == "conv":
                channels = ci
            written = volume(rng, out, channels)
        if (out, channels) != right:
            mistakes[name, "output"] = of["output"]
        counted = []
        for column, count in (("params", params_of), ("macs", macs_of)):
            number = count(of[column], k, n, ci, channels, out, kind)
            counted.append(notation(rng, number))
            # by the own channels when these came out wrong
            if number != count("", k, n, ci, channels, out, kind):
                mistakes[name, column] = of[column]
        lines.append(";".join([name, written, *counted]))
        n = out
        if out < 1 and kind != "dense":
            break
    return Student("\n".join(lines), mistakes, cells - len(mistakes))
