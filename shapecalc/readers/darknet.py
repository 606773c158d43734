"""Darknet's networks, `.cfg`: sections in order, each a layer that reads the one before.

Two programs have the name: the original and the fork of it that trains newer networks.  Where they
differ the fork is followed, and that is remarked.  A layer is called by its kind and its number.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import SpecErrors, refuse
from shapecalc.readers import ReadModel
from shapecalc.readers.faults import line_of, text_of, unreadable
from shapecalc.readers.layer_list import LayerList
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from mmap import mmap

    from shapecalc.text import Source

#: What Darknet itself could count.
_LARGEST = 2**31 - 1
#: A network's sections.
_MAX_SECTIONS = 20_000

_SECTION = re.compile(r"\[\s*([\w-]+)\s*\]")


def read(name: str, data: bytes | mmap) -> ReadModel:
    """Read a network.  Raises `SpecErrors`."""
    source = text_of(name, data)
    return _Darknet(source, list(_sections(source))).read()


class _Section:
    """A section: its kind, and its options as texts."""

    def __init__(self, source: Source, kind: str, at: int) -> None:
        self.source = source
        self.kind = kind
        self.at = at
        self.options: dict[str, tuple[str, int]] = {}

    def fault(self, message: str, hint: str = "", at: int | None = None) -> SpecErrors:
        """Return what is wrong with it, to be raised."""
        where = line_of(self.source, self.at if at is None else at)
        return refuse("E009", f"[{self.kind}]: {message}", where, hint)

    def text(self, key: str, default: str) -> str:
        """Return an option."""
        return self.options[key][0] if key in self.options else default

    def whole(self, key: str, default: int, least: int = 0) -> int:
        """Return a whole number.  Raises `SpecErrors`."""
        return self.wholes(key, [default], least)[0]

    def wholes(self, key: str, default: list[int], least: int = -_LARGEST) -> list[int]:
        """Return whole numbers with commas between.  Raises `SpecErrors`."""
        if key not in self.options:
            return default
        text, at = self.options[key]
        words = [word for word in text.split(",") if word]
        if not words or not all(re.fullmatch(r"[-+]?[0-9]{1,10}", word) for word in words):
            raise self.fault(f"{key} is a whole number, not '{text}'", at=at)
        numbers = [int(word) for word in words]
        if min(numbers) < least or max(numbers) > _LARGEST:
            raise self.fault(f"{key} is from {least} to {_LARGEST:,}, not {text}", at=at)
        return numbers

    def number(self, key: str, default: float) -> float:
        """Return a number.  Raises `SpecErrors`."""
        if key not in self.options:
            return default
        text, at = self.options[key]
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.fault(f"{key} is a number, not '{text}'", at=at)
        return value


def _sections(source: Source) -> Iterator[_Section]:
    """Read the sections of a text.  Raises `SpecErrors` (E009) where it is none of the format."""
    section: _Section | None = None
    at = count = 0
    for line in source.text.splitlines(keepends=True):
        begin = at + len(line) - len(line.lstrip())
        at += len(line)
        text = "".join(line.split())  # blanks count nowhere
        if not text or text[0] in "#;":
            continue
        head = _SECTION.fullmatch(text)
        if head:
            if section is not None:
                yield section
            count += 1
            section = _Section(source, head[1].lower(), begin)
            if count > _MAX_SECTIONS:
                raise section.fault(f"a network has at most {_MAX_SECTIONS:,} sections")
            continue
        key, equals, value = text.partition("=")
        if section is None or not equals:
            where = line_of(source, begin)
            message = "a section's name in brackets, or `option=value`, is expected here"
            raise refuse("E009", message, where)
        section.options.setdefault(key, (value, begin))  # the first of several counts
    if section is not None:
        yield section


class _Volume(NamedTuple):
    """What a section gives: the layer that computes it, and its size; a vector has no sides."""

    layer: str
    channels: int
    sides: tuple[int, int] | None


class _Darknet:
    """A file's sections on their way into a spec."""

    def __init__(self, source: Source, sections: list[_Section]) -> None:
        self.source = source
        self.sections = sections
        self.layers = LayerList()
        self.volumes: list[_Volume] = []
        self.remarks: dict[str, None] = {}
        self.left_out: Counter[str] = Counter()

    def read(self) -> ReadModel:
        """Read all sections."""
        first = self.sections[0] if self.sections else None
        if first is None or first.kind not in ("net", "network"):
            raise unreadable(
                self.source.name,
                "the first section is not [net]",
                "begin with [net], width=, height= and channels=",
            )
        volume = self._input(first)
        for section in self.sections[1:]:
            rule = _RULES.get(section.kind)
            if rule is None:
                hint = did_you_mean(section.kind, _RULES)
                raise section.fault("there is no layer for a section of this kind", hint)
            volume = rule(_SectionWriter(self, section, volume))
            self.volumes.append(volume)
        if not len(self.layers):
            raise unreadable(self.source.name, "the file has no layers")
        if self.left_out:
            kinds = [f"{kind} ({count})" for kind, count in self.left_out.items()]
            self.remarks[f"left out, since they only measure: {listed(kinds)}"] = None
        return ReadModel(self.layers.data(), tuple(self.remarks))

    def _input(self, section: _Section) -> _Volume:
        height, width = section.whole("height", 0), section.whole("width", 0)
        channels = section.whole("channels", 0)
        if height and width and channels:
            extents = {"height": height, "width": width, "channels": channels}
            return _Volume(self.layers.add_input("input", extents), channels, (height, width))
        inputs = section.whole("inputs", 0)
        if not inputs:
            raise section.fault("it states no input", "add width=, height= and channels=")
        return _Volume(self.layers.add_input("input", {"channels": inputs}), inputs, None)


class _SectionWriter:
    """Writes what a section is, of what flows in."""

    def __init__(self, network: _Darknet, section: _Section, volume: _Volume) -> None:
        self.network = network
        self.section = section
        self.volume = volume
        self.number = len(network.volumes)

    def add(self, kind: str, volume: _Volume, name: str = "", /, **fields: Any) -> str:  # noqa: ANN401
        """Write a layer that reads one volume."""
        return self.join(kind, [volume], name, **fields)

    def join(
        self,
        kind: str,
        volumes: list[_Volume],
        name: str = "",
        /,
        **fields: Any,  # noqa: ANN401
    ) -> str:
        """Write a layer that reads volumes, called by its kind and the section's number."""
        sources = [volume.layer for volume in volumes]
        return self.network.layers.add(kind, fields, sources, f"{name or kind}{self.number}")

    def remark(self, text: str) -> None:
        """Remark something, once."""
        self.network.remarks[text] = None

    def sides(self) -> tuple[int, int]:
        """Return the sides of what flows in.  Raises `SpecErrors` for a vector."""
        if self.volume.sides is None:
            raise self.section.fault("it reads a map, and a vector flows in")
        return self.volume.sides

    def other(self, index: int) -> _Volume:
        """Return what another section gives, counted from here where negative."""
        place = self.number + index if index < 0 else index
        if not 0 <= place < self.number:
            raise self.section.fault(
                f"there is no layer {index} before it: it is number {self.number}, from 0 on"
            )
        return self.network.volumes[place]

    def activated(self, volume: _Volume, default: str = "logistic") -> _Volume:
        """Write the activation that a section has within itself."""
        word = self.section.text("activation", default)
        if word == "linear":
            return volume
        if word == "selu":
            bent = volume._replace(layer=self.add("elu", volume, alpha=1.6732632423543772))
            scaled = self.add("multiply", bent, "selu", right=1.0507009873554805)
            return volume._replace(layer=scaled)
        known = _ACTIVATIONS.get(word)
        if known is None:
            hint = did_you_mean(word, _ACTIVATIONS)
            raise self.section.fault(f"there is no layer for the activation '{word}'", hint)
        kind, fields = known
        return volume._replace(layer=self.add(kind, volume, word, **fields))

    def normalised(self, volume: _Volume) -> _Volume:
        """Write the batch normalisation that a section has within itself, if it has."""
        if not self.section.whole("batch_normalize", 0):
            return volume
        return volume._replace(layer=self.add("batchnorm", volume, "bn"))


#: Activations by Darknet's words.
_ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("elu", {}),
    "gelu": ("gelu", {}),
    "hardtan": ("hardtanh", {}),
    "leaky": ("leaky_relu", {"slope": 0.1}),
    "logistic": ("sigmoid", {}),
    "mish": ("mish", {}),
    "relie": ("leaky_relu", {"slope": 0.01}),
    "relu": ("relu", {}),
    "relu6": ("relu6", {}),
    "selu": ("elu", {}),
    "swish": ("silu", {}),
    "tanh": ("tanh", {}),
}


def _steps(section: _Section) -> list[int]:
    stride = section.whole("stride", 1, 1)
    return [section.whole("stride_y", stride, 1), section.whole("stride_x", stride, 1)]


def _one(sizes: list[int]) -> int | list[int]:
    return sizes[0] if sizes[0] == sizes[1] else sizes


def _grown(write: _SectionWriter, sides: tuple[int, ...]) -> tuple[int, int]:
    """Check that a window fits."""
    height, width = sides
    if min(sides) < 1:
        raise write.section.fault("its window does not fit what flows in")
    return height, width


def _padding(section: _Section, size: int) -> int:
    return size // 2 if section.whole("pad", 0) else section.whole("padding", 0)


def _conv(write: _SectionWriter) -> _Volume:
    section, sides = write.section, write.sides()
    filters, size = section.whole("filters", 1, 1), section.whole("size", 1, 1)
    stride, pad = _steps(section), _padding(section, size)
    groups, dilation = section.whole("groups", 1, 1), section.whole("dilation", 1, 1)
    if section.whole("antialiasing", 0):
        raise section.fault("antialiasing is not read")
    dilation = 1 if size == 1 else dilation
    if dilation != 1 and 2 * pad != size - 1:
        # Darknet pads by the padding times the dilation, and forgets that in its output's size
        raise section.fault(
            f"beside dilation={dilation} a kernel of {size} has a padding of {(size - 1) / 2:g},"
            f" not {pad}: the sizes that Darknet states are not those that it computes"
        )
    pad *= dilation
    fields: dict[str, Any] = {"filters": filters, "kernel": size}
    defaults = {"stride": 1, "pad": 0, "groups": 1, "dilation": 1}
    values = {"stride": _one(stride), "pad": pad, "groups": groups, "dilation": dilation}
    fields.update({key: value for key, value in values.items() if value != defaults[key]})
    if section.whole("batch_normalize", 0):
        fields["bias"] = False
    span = dilation * (size - 1) + 1
    out = tuple(
        (side + 2 * pad - span) // step + 1 for side, step in zip(sides, stride, strict=True)
    )
    layer = write.add("conv", write.volume, **fields)
    return write.activated(write.normalised(_Volume(layer, filters, _grown(write, out))))


def _deconv(write: _SectionWriter) -> _Volume:
    section, sides = write.section, write.sides()
    filters, size = section.whole("filters", 1, 1), section.whole("size", 1, 1)
    stride, pad = section.whole("stride", 1, 1), _padding(section, size)
    write.remark("[deconvolutional] is read as the original Darknet has it; the fork has none")
    out = tuple((side - 1) * stride + size - 2 * pad for side in sides)
    bias = {"bias": False} if section.whole("batch_normalize", 0) else {}
    layer = write.add(
        *("transposed", write.volume, "deconv"),
        filters=filters,
        kernel=size,
        stride=stride,
        pad=pad,
        **bias,
    )
    return write.activated(write.normalised(_Volume(layer, filters, _grown(write, out))))


def _maxpool(write: _SectionWriter) -> _Volume:
    section, sides = write.section, write.sides()
    if section.whole("maxpool_depth", 0):
        raise section.fault("a maximum over channels is not read")
    stride = _steps(section)
    size = section.whole("size", stride[0], 1)
    padding = section.whole("padding", size - 1)
    before = padding // 2
    out = tuple(
        (side + padding - size) // step + 1 for side, step in zip(sides, stride, strict=True)
    )
    # a last row of padding that no window reaches is none
    pairs = [
        [before, max(0, (count - 1) * step + size - side - before)]
        for side, step, count in zip(sides, stride, _grown(write, out), strict=True)
    ]
    fields = {"kernel": size, "stride": _one(stride)}
    layer = write.add(
        *("maxpool", write.volume),
        **fields,
        **({"pad": pairs} if any(map(any, pairs)) else {}),
    )
    return _Volume(layer, write.volume.channels, _grown(write, out))


def _avgpool(write: _SectionWriter) -> _Volume:
    write.sides()
    return _Volume(
        write.add("global_avgpool", write.volume, "avgpool"), write.volume.channels, (1, 1)
    )


def _connected(write: _SectionWriter) -> _Volume:
    units = write.section.whole("output", 1, 1)
    bias = {"bias": False} if write.section.whole("batch_normalize", 0) else {}
    layer = write.add("dense", write.volume, "connected", units=units, **bias)
    return write.activated(write.normalised(_Volume(layer, units, None)))


def _route(write: _SectionWriter) -> _Volume:
    section = write.section
    if "layers" not in section.options:
        raise section.fault("it names no layers", "add layers=-1,-4")
    volumes = [write.other(index) for index in section.wholes("layers", [])]
    groups, group = section.whole("groups", 1, 1), section.whole("group_id", 0)
    if groups > 1:
        write.remark(
            "[route] with groups is read as the fork of Darknet does, which takes a part of the "
            "channels; the original ignores them"
        )
        if group >= groups or any(volume.channels % groups for volume in volumes):
            raise section.fault(f"group {group} of {groups} is no part of the channels")
        volumes = [
            _Volume(
                write.add("slice", volume, f"slice{at}_", channels=f"{group + 1} of {groups}"),
                volume.channels // groups,
                volume.sides,
            )
            for at, volume in enumerate(volumes)
        ]
    if len(volumes) == 1:
        return volumes[0]
    if len({volume.sides for volume in volumes}) > 1:
        raise section.fault("its layers have maps of different sizes")
    channels = sum(volume.channels for volume in volumes)
    return _Volume(write.join("concat", volumes, "route"), channels, volumes[0].sides)


def _shortcut(write: _SectionWriter) -> _Volume:
    section, own = write.section, write.volume
    if "from" not in section.options:
        raise section.fault("it names no layer", "add from=-3")
    if section.text("weights_type", "none") != "none":
        raise section.fault("trained weights of a sum are not read")
    others = [write.other(index) for index in section.wholes("from", [])]
    operands = [own]
    for at, other in enumerate(others):
        if other.sides != own.sides:
            raise section.fault("maps of different sizes are added; only the original Darknet does")
        layer = other.layer
        if other.channels > own.channels:
            layer = write.add("slice", other, f"slice{at}_", channels=[0, own.channels])
        elif other.channels < own.channels:
            more = own.channels - other.channels
            layer = write.add("pad_channels", other, f"pad{at}_", channels=[0, more])
        operands.append(other._replace(layer=layer))
    layer = write.join("add", operands, "shortcut")
    return write.activated(own._replace(layer=layer), "linear")


def _gate(write: _SectionWriter) -> _Volume:
    """Write a product of what flows in and another layer, whose size comes out."""
    if "from" not in write.section.options:
        raise write.section.fault("it names no layer", "add from=-3")
    other = write.other(write.section.wholes("from", [])[0])
    write.remark(f"[{write.section.kind}] is a layer of the fork of Darknet alone")
    layer = write.join("multiply", [other, write.volume], write.section.kind)
    return write.activated(other._replace(layer=layer), "linear")


def _upsample(write: _SectionWriter) -> _Volume:
    height, width = write.sides()
    factor = write.section.whole("stride", 2, 1)
    layer = write.add("upsample", write.volume, factor=factor)
    return _Volume(layer, write.volume.channels, (height * factor, width * factor))


def _reorg(write: _SectionWriter) -> _Volume:
    sides, volume = write.sides(), write.volume
    factor = write.section.whole("stride", 1, 1)
    if write.section.whole("reverse", 0):
        if volume.channels % factor**2:
            raise write.section.fault(f"its channels are no multiple of {factor**2}")
        layer = write.add("pixel_shuffle", volume, "reorg", factor=factor)
        height, width = (side * factor for side in sides)
        return _Volume(layer, volume.channels // factor**2, (height, width))
    rest = [side % factor for side in sides]
    if any(rest):
        cut = write.add("crop", volume, crop=[[0, side] for side in rest])
        volume = volume._replace(layer=cut)
    out = _grown(write, tuple(side // factor for side in sides))
    layer = write.add("pixel_unshuffle", volume, "reorg", factor=factor)
    return _Volume(layer, volume.channels * factor**2, out)


def _crop(write: _SectionWriter) -> _Volume:
    write.sides()
    height, width = (write.section.whole(f"crop_{side}", 1, 1) for side in ("height", "width"))
    layer = write.add("crop", write.volume, to=[height, width])
    return _Volume(layer, write.volume.channels, (height, width))


def _normalization(write: _SectionWriter) -> _Volume:
    section = write.section
    size = section.whole("size", 5, 1)
    return write.volume._replace(
        layer=write.add(
            *("lrn", write.volume),
            size=size,
            # Darknet's is a factor of the sum of squares, ours of their mean
            alpha=round(size * section.number("alpha", 0.0001), 15),
            beta=section.number("beta", 0.75),
            k=section.number("kappa", 1),
        )
    )


def _dropout(write: _SectionWriter) -> _Volume:
    rate = write.section.number("probability", 0.5)
    return write.volume._replace(layer=write.add("dropout", write.volume, rate=rate))


def _softmax(write: _SectionWriter) -> _Volume:
    if write.section.whole("groups", 1, 1) > 1 or "tree" in write.section.options:
        raise write.section.fault("only one softmax over all is read, no groups and no tree")
    return write.volume._replace(layer=write.add("softmax", write.volume))


def _plain(kind: str, note: str = "") -> Callable[[_SectionWriter], _Volume]:
    def rule(write: _SectionWriter) -> _Volume:
        fields = {"note": note} if note else {}
        layer = write.add(kind, write.volume, write.section.kind, **fields)
        return write.volume._replace(layer=layer)

    return rule


def _measure(write: _SectionWriter) -> _Volume:
    write.network.left_out[write.section.kind] += 1
    return write.volume


_HEAD = _plain("identity", "Darknet decodes boxes of this volume")
_RULES: dict[str, Callable[[_SectionWriter], _Volume]] = {
    "activation": lambda write: write.activated(write.volume, "linear"),
    "avg": _avgpool,
    "avgpool": _avgpool,
    "batchnorm": _plain("batchnorm"),
    "conn": _connected,
    "connected": _connected,
    "conv": _conv,
    "convolutional": _conv,
    "cost": _measure,
    "crop": _crop,
    "deconv": _deconv,
    "deconvolutional": _deconv,
    "detection": _HEAD,
    "dropout": _dropout,
    "empty": _plain("identity"),
    "gaussian_yolo": _HEAD,
    "l2norm": _plain("l2norm"),
    "logistic": _plain("sigmoid"),
    "logxent": _plain("sigmoid"),
    "lrn": _normalization,
    "max": _maxpool,
    "maxpool": _maxpool,
    "normalization": _normalization,
    "region": _HEAD,
    "reorg": _reorg,
    "reorg3d": _reorg,
    "route": _route,
    "sam": _gate,
    "scale_channels": _gate,
    "shortcut": _shortcut,
    "silence": _plain("identity"),
    "soft": _softmax,
    "softmax": _softmax,
    "upsample": _upsample,
    "yolo": _HEAD,
}
