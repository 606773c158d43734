"""Caffe's networks, `.prototxt`: deploy files and those for training, in both spellings.

Of a network for training the phase TEST is read.  A blob has the name of whatever wrote it last, so
that layers which work in place follow each other.  Pools round up and clip as Caffe does.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from shapecalc.errors import SpecErrors, refuse
from shapecalc.readers import ReadModel
from shapecalc.readers.faults import line_of, text_of, unreadable
from shapecalc.readers.layer_list import LayerList
from shapecalc.readers.protobuf_text import Message, parse
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from mmap import mmap

    from shapecalc.readers.protobuf_text import Word
    from shapecalc.text import Source

#: The axes behind the batch, by how many there are.
_AXES = {
    2: ("length",),
    3: ("height", "width"),
    4: ("depth", "height", "width"),
}


_TRUTHS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


def read(name: str, data: bytes | mmap) -> ReadModel:
    """Read a network.  Raises `SpecErrors`."""
    source = text_of(name, data)
    return _Network(source, parse(source)).read()


class _CaffeLayer:
    """A layer of the file: its words, and the parameters of its type."""

    def __init__(self, source: Source, message: Message) -> None:
        self.source = source
        self.message = message
        self.type = message.word("type")
        self.name = message.word("name") or self.type
        self.bottoms = message.words("bottom")
        self.tops = message.words("top")

    @property
    def kind(self) -> str:
        """The type in one spelling: `INNER_PRODUCT` is `InnerProduct`."""
        return self.type.replace("_", "").lower()

    def fault(self, message: str, hint: str = "", at: int | None = None) -> SpecErrors:
        """Return what is wrong with the layer, or at a value of it, to be raised."""
        where = line_of(self.source, self.message.at if at is None else at)
        return refuse("E009", f"layer '{self.name}': {message}", where, hint)

    def parameters(self, name: str) -> _CaffeFields:
        """Return the parameters of a type."""
        return _CaffeFields(self, self.message.message(f"{name}_param"))

    def in_phase(self, phase: str) -> bool:
        """Tell whether it is part of the network in a phase."""
        include, exclude = self.message.messages("include"), self.message.messages("exclude")
        if include:
            return any(_holds(rule, phase) for rule in include)
        return not any(_holds(rule, phase) for rule in exclude)


def _holds(rule: Message, phase: str) -> bool:
    """Tell whether a rule holds in a phase without stages, at level 0."""
    return (
        rule.word("phase", phase) in (phase, {"TRAIN": "0", "TEST": "1"}[phase])
        and not rule.words("stage")
        and rule.word("min_level", "0").startswith(("0", "-"))
        and not rule.word("max_level", "0").startswith("-")
    )


class _CaffeFields:
    """The fields of a type's parameters, read as numbers."""

    def __init__(self, layer: _CaffeLayer, message: Message) -> None:
        self.layer = layer
        self.message = message

    def has(self, *names: str) -> bool:
        """Tell whether one of some fields is there."""
        return any(name in self.message.fields for name in names)

    def whole(self, name: str, default: int | None = None) -> int:
        """Return a whole number.  Raises `SpecErrors`."""
        numbers = self.wholes(name)
        if numbers:
            return numbers[-1]
        if default is None:
            raise self.layer.fault(f"it has no {name}", f"add `{name}: NUMBER` to its parameters")
        return default

    def wholes(self, name: str) -> list[int]:
        """Return the whole numbers of a field."""
        return [self._whole(name, word) for word in self.message.words(name)]

    def _whole(self, name: str, word: Word) -> int:
        digits = word.text.removeprefix("-").removeprefix("+")
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            raise self.layer.fault(f"{name} is a whole number, not '{word.text}'", at=word.at)
        return int(word.text)

    def number(self, name: str, default: float) -> float:
        """Return a number.  Raises `SpecErrors`."""
        return [default, *self.numbers(name)][-1]

    def numbers(self, name: str) -> list[float]:
        """Return the numbers of a field.  Raises `SpecErrors`."""
        return [self._number(name, word) for word in self.message.words(name)]

    def _number(self, name: str, word: Word) -> float:
        try:
            value = float(word.text.removesuffix("f"))
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.layer.fault(f"{name} is a number, not '{word.text}'", at=word.at)
        return int(value) if value.is_integer() and abs(value) < 10**15 else value

    def truth(self, name: str, *, default: bool) -> bool:
        """Return whether something is so.  Raises `SpecErrors`."""
        text = self.message.word(name, str(default))
        if text.lower() not in _TRUTHS:
            raise self.layer.fault(f"{name} is true or false, not '{text}'")
        return _TRUTHS[text.lower()]

    def channels_axis(self, old: str = "") -> None:
        """Check that a layer works along the channels, as its axis or the older word has it.

        Raises `SpecErrors`.
        """
        if self.whole("axis", self.whole(old, 1)) != 1:
            raise self.layer.fault("its axis is not 1, that of the channels")

    def choice(self, name: str, *values: str, default: int = 0) -> str:
        """Return one of some words, which a file may give by their numbers.

        Raises `SpecErrors`.
        """
        word = self.message.word(name, values[default])
        if word.isdecimal() and word.isascii() and int(word[:9]) < len(values):
            return values[int(word[:9])]
        if word not in values:
            raise self.layer.fault(f"{name} is one of {listed(values, 'or')}, not '{word}'")
        return word

    def sides(self, name: str, short: str, default: int | None = None) -> int | list[int]:
        """Return a size per side: one for all, one per side, or as `..._h` and `..._w`."""
        if self.has(f"{short}_h", f"{short}_w"):
            return [self.whole(f"{short}_h", default), self.whole(f"{short}_w", default)]
        sizes = self.wholes(name)
        if len(sizes) > 1:
            return sizes
        return sizes[0] if sizes else self.whole(name, default)


class _Network:
    """A file's layers on their way into a spec."""

    def __init__(self, source: Source, message: Message) -> None:
        self.source = source
        self.message = message
        self.layers = LayerList()
        self.remarks: list[str] = []
        #: What computes a blob now; None where it is no volume, as labels are
        self.blobs: dict[str, str | None] = {}
        #: The fields of batch normalisations, which a layer of scales may still complete
        self.norms: dict[str, dict[str, Any]] = {}
        #: By a name of weights: the layer that has them, which they are of its own, of how many
        self.owners: dict[str, tuple[str, int, int]] = {}
        self.left_out: Counter[str] = Counter()
        #: Blobs that a layer Silence takes, so that they are no outputs
        self.silenced: set[str] = set()

    def read(self) -> ReadModel:
        """Read all layers."""
        self._declared_inputs()
        layers = [
            _CaffeLayer(self.source, message)
            for message in self.message.messages("layer", "layers")
        ]
        if not layers:
            raise unreadable(self.source.name, "the file has no layers", "is it a solver's file?")
        kept = [layer for layer in layers if layer.in_phase("TEST")]
        readers = _readers(kept)
        silent = (layer for layer in kept if layer.kind == "silence")
        self.silenced.update(word.text for layer in silent for word in layer.bottoms)
        for layer, completed in zip(kept, readers, strict=True):
            self._read(layer, completed)
        if not self.layers.inputs:
            raise unreadable(
                self.source.name,
                "nothing flows in: no input and no layer of data in the phase TEST",
                'add `input: "data" input_shape { dim: 1 dim: 3 dim: 224 dim: 224 }`',
            )
        name = self.message.word("name")
        data = {**({"name": name} if name else {}), **self.layers.data()}
        if self.left_out:
            kinds = [f"{kind} ({count})" for kind, count in self.left_out.items()]
            self.remarks.append(f"left out, since they only measure: {listed(kinds)}")
        return ReadModel(data, tuple(self.remarks))

    def _declared_inputs(self) -> None:
        """Enter the inputs that the file names before its layers."""
        names = self.message.words("input")
        shapes = [
            _CaffeFields(_CaffeLayer(self.source, shape), shape).wholes("dim")
            for shape in self.message.messages("input_shape")
        ]
        own = _CaffeFields(_CaffeLayer(self.source, self.message), self.message)
        dims = own.wholes("input_dim")
        shapes += [dims[at : at + 4] for at in range(0, len(dims), 4)]
        for at, word in enumerate(names):
            self.input(word.text, shapes[at] if at < len(shapes) else [])

    def input(self, blob: str, dims: Sequence[int]) -> None:
        """Enter a blob that flows in, its batch first; without extents it has letters for them."""
        if len(dims) == 1:
            self.blobs[blob] = None
            return
        number = "" if not self.layers.inputs else str(len(self.layers.inputs) + 1)
        if not dims:
            self.remarks.append(
                f"the file does not say how large '{blob}' is: `--input 224x224x3` gives it a size"
            )
            extents: Any = {axis: axis[0].upper() + number for axis in (*_AXES[3], "channels")}
        elif len(dims) == 2:
            extents = {"channels": dims[1]}
        elif len(dims) - 1 in _AXES:
            extents = {
                **dict(zip(_AXES[len(dims) - 1], dims[2:], strict=True)),
                "channels": dims[1],
            }
        else:
            raise unreadable(self.source.name, f"the input '{blob}' has {len(dims)} dimensions")
        self.blobs[blob] = self.layers.add_input(blob, extents)

    def _read(self, layer: _CaffeLayer, completed: bool) -> None:
        if layer.message.messages("layer"):
            raise layer.fault(
                "the file is of Caffe's first format, of 2013", "upgrade it with Caffe"
            )
        kind = layer.kind
        if kind in _DATA:
            _DATA[kind](self, layer)
        elif kind in _MEASURES:
            self.left_out[layer.type] += 1
            self.blobs.update({word.text: None for word in layer.tops})
        elif kind == "split":
            source = self.sources(layer)[0]
            self.blobs.update({word.text: source for word in layer.tops})
        elif kind == "silence":
            pass
        elif kind in _LAYERS:
            self._computed(layer, completed)
        else:
            hint = did_you_mean(layer.type, _KNOWN)
            raise layer.fault(f"there is no layer for its type '{layer.type}'", hint)

    def _computed(self, layer: _CaffeLayer, completed: bool) -> None:
        sources = self.sources(layer)
        if not sources:
            raise layer.fault("it reads nothing that is computed", 'add `bottom: "NAME"`')
        tops = _LAYERS[layer.kind](_LayerWriter(self, layer, sources, completed))
        for word, top in zip(layer.tops, tops, strict=False):
            self.blobs[word.text] = top or None

    def sources(self, layer: _CaffeLayer) -> list[str]:
        """Return what computes a layer's bottoms.  Raises `SpecErrors` for an unknown one."""
        for word in layer.bottoms:
            if word.text not in self.blobs:
                hint = did_you_mean(word.text, self.blobs) or "the phase that is read is TEST"
                raise layer.fault(f"no layer before it has the top '{word.text}'", hint, word.at)
        sources = (self.blobs[word.text] for word in layer.bottoms)
        return [source for source in sources if source is not None]


def _readers(layers: Sequence[_CaffeLayer]) -> list[bool]:
    """Tell of each layer whether the one that it reads is read by nothing else."""
    writer: dict[str, int] = {}
    count: Counter[int] = Counter()
    reads: list[int] = []
    for at, layer in enumerate(layers):
        sources = [writer.get(word.text, -1) for word in layer.bottoms]
        count.update(sources)
        reads.append(sources[0] if len(sources) == 1 else -1)
        writer.update({word.text: at for word in layer.tops})
    return [source >= 0 and count[source] == 1 for source in reads]


class _LayerWriter:
    """Writes what a layer of the file is, under its name."""

    def __init__(
        self, network: _Network, layer: _CaffeLayer, sources: list[str], completed: bool
    ) -> None:
        self.network = network
        self.layer = layer
        self.sources = sources
        #: Whether what it reads is read by it alone
        self.completes = completed

    def parameters(self, name: str) -> _CaffeFields:
        """Return the parameters of its type."""
        return self.layer.parameters(name)

    def add(
        self,
        kind: str,
        sources: Sequence[str] | None = None,
        name: str = "",
        /,
        **fields: Any,  # noqa: ANN401
    ) -> list[str]:
        """Write a layer; return the one top that it has."""
        given = self.sources if sources is None else sources
        return [self.network.layers.add(kind, fields, given, name or self.layer.name)]

    def learned(self, kind: str, **fields: Any) -> list[str]:  # noqa: ANN401
        """Write a layer with weights, which others may share or nothing may train."""
        count = 1 if kind in ("bias", "prelu") else 1 + fields.get("bias", True)
        names = self.weight_names(count)
        owners = [self.network.owners.get(name) for name in names]
        if any(owners):
            owner = (owners[0] or ("",))[0]
            if owners != [(owner, place, count) for place in range(count)]:
                raise self.layer.fault(
                    "it shares some of its weights, and a layer shares all or none",
                    "give the others their names, too",
                )
            return self.add(kind, **fields, share=owner)
        if self.is_frozen(count):
            fields["trainable"] = False
        (written,) = self.add(kind, **fields)
        owned = {name: (written, place, count) for place, name in enumerate(names) if name}
        self.network.owners.update(owned)
        return [written]

    def weight_names(self, count: int) -> list[str]:
        """Return the names that its weights have, empty where they have none."""
        message = self.layer.message
        names = [word.text for word in message.words("param")] or [
            block.word("name") for block in message.messages("param")
        ]
        return [*names, *[""] * count][:count]

    def is_frozen(self, count: int) -> bool:
        """Tell whether nothing trains its weights."""
        message = self.layer.message
        blocks = [_CaffeFields(self.layer, block) for block in message.messages("param")]
        rates = [block.number("lr_mult", 1) for block in blocks]
        rates += _CaffeFields(self.layer, message).numbers("blobs_lr")
        still = [rate == 0 for rate in (*rates, *[1] * count)[:count]]
        if any(still) and not all(still):
            self.network.remarks.append(
                f"'{self.layer.name}' trains only some of its weights: all count as trained"
            )
        return all(still)


# Data


def _stated(name: str) -> Callable[[_Network, _CaffeLayer], None]:
    """Return how the layers of data are read that state the shape of each of their tops."""

    def enter(network: _Network, layer: _CaffeLayer) -> None:
        parameters = layer.parameters(name)
        shapes = [
            _CaffeFields(layer, shape).wholes("dim")
            for shape in parameters.message.messages("shape")
        ]
        words = ("num", "channels", "height", "width")
        old = zip(*(parameters.wholes(word) for word in words), strict=False)
        shapes = shapes or [list(dims) for dims in old]
        for at, word in enumerate(layer.tops):
            # one shape is that of all tops
            network.input(word.text, shapes[min(at, len(shapes) - 1)] if shapes else [])

    return enter


def _pictures(network: _Network, layer: _CaffeLayer) -> None:
    """Enter pictures, as large as they are cut, and their labels."""
    stages = [layer.parameters(name) for name in ("transform", "data", "image_data", "window_data")]
    channels = 1 if any(stage.truth("force_gray", default=False) for stage in stages) else 3
    sides = [
        *([stage.whole("crop_size", 0)] * 2 for stage in stages),
        *([stage.whole("new_height", 0), stage.whole("new_width", 0)] for stage in stages),
    ]
    stated = next((pair for pair in sides if all(pair)), None)
    if stated and channels == 3:
        network.remarks.append(
            f"'{layer.name}' says how its pictures are cut, and not their channels: 3 are taken"
        )
    for word in layer.tops[:1]:
        network.input(word.text, [1, channels, *stated] if stated else [])
    network.blobs.update({word.text: None for word in layer.tops[1:]})


def _memory(network: _Network, layer: _CaffeLayer) -> None:
    parameters = layer.parameters("memory_data")
    dims = [parameters.whole(word) for word in ("batch_size", "channels", "height", "width")]
    for word in layer.tops[:1]:
        network.input(word.text, dims)
    network.blobs.update({word.text: None for word in layer.tops[1:]})


_DATA: dict[str, Callable[[_Network, _CaffeLayer], None]] = {
    "input": _stated("input"),
    "dummydata": _stated("dummy_data"),
    "data": _pictures,
    "imagedata": _pictures,
    "windowdata": _pictures,
    "hdf5data": _pictures,
    "memorydata": _memory,
}
#: What compares results with labels, or writes them away.
_MEASURES = (
    "accuracy",
    "argmax",
    "contrastiveloss",
    "euclideanloss",
    "hdf5output",
    "hingeloss",
    "infogainloss",
    "multinomiallogisticloss",
)

# Layers


def _window(parameters: _CaffeFields, *, pool: bool = False) -> dict[str, Any]:
    """Return the fields of a window."""
    fields: dict[str, Any] = {"kernel": parameters.sides("kernel_size", "kernel")}
    stride = parameters.sides("stride", "stride", 1)
    if stride != 1 or pool:
        fields["stride"] = stride
    for word in ("pad", "dilation"):
        size = parameters.sides(word, word, {"pad": 0, "dilation": 1}[word])
        if size != {"pad": 0, "dilation": 1}[word]:
            fields[word] = size
    return fields


def _convolution(write: _LayerWriter, kind: str) -> list[str]:
    parameters = write.parameters("convolution")
    parameters.channels_axis()
    fields: dict[str, Any] = {"filters": parameters.whole("num_output"), **_window(parameters)}
    groups = parameters.whole("group", 1)
    if groups != 1:
        fields["groups"] = groups
    if not parameters.truth("bias_term", default=True):
        fields["bias"] = False
    return write.learned(kind, **fields)


def _pool(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("pooling")
    means = parameters.choice("pool", "MAX", "AVE", "STOCHASTIC")
    if means == "STOCHASTIC":
        write.network.remarks.append(
            f"'{write.layer.name}' draws at random in training: a mean stands for it"
        )
    mean = means != "MAX"
    if parameters.truth("global_pooling", default=False):
        return write.add("global_avgpool" if mean else "global_maxpool")
    rounding = parameters.choice("round_mode", "CEIL", "FLOOR")
    return write.add(
        "avgpool" if mean else "maxpool",
        **_window(parameters, pool=True),
        **({"rounding": "ceil_caffe"} if rounding == "CEIL" else {}),
    )


def _dense(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("inner_product")
    parameters.channels_axis()
    bias = {} if parameters.truth("bias_term", default=True) else {"bias": False}
    return write.learned("dense", units=parameters.whole("num_output"), **bias)


def _lrn(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("lrn")
    size = parameters.whole("local_size", 5)
    alpha, beta = parameters.number("alpha", 1), parameters.number("beta", 0.75)
    region = parameters.choice("norm_region", "ACROSS_CHANNELS", "WITHIN_CHANNEL")
    if region == "ACROSS_CHANNELS":
        return write.add("lrn", size=size, alpha=alpha, beta=beta, k=parameters.number("k", 1))
    # Caffe itself puts it together of other layers
    chain: list[tuple[str, dict[str, Any]]] = [
        ("power", {"exponent": 2}),
        (
            "avgpool",
            {"kernel": size, "stride": 1, "pad": (size - 1) // 2, "rounding": "ceil_caffe"},
        ),
        ("multiply", {"right": alpha}),
        ("add", {"right": 1}),
        ("power", {"exponent": -beta}),
    ]
    return write.add("multiply", [write.sources[0], _chain(write, chain)[0]])


def _chain(write: _LayerWriter, layers: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
    """Write layers behind each other, under names of their own."""
    sources = write.sources
    for kind, fields in layers:
        sources = write.add(kind, sources, f"{write.layer.name}_{kind}", **fields)
    return sources


def _power(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("power")
    chain: list[tuple[str, dict[str, Any]]] = [
        ("multiply", {"right": parameters.number("scale", 1)}),
        ("add", {"right": parameters.number("shift", 0)}),
        ("power", {"exponent": parameters.number("power", 1)}),
    ]
    steps = [
        (kind, fields)
        for (kind, fields), nothing in zip(chain, (1, 0, 1), strict=True)
        if next(iter(fields.values())) != nothing
    ]
    if not steps:
        return write.add("identity")
    before, (kind, fields) = steps[:-1], steps[-1]
    return write.add(kind, _chain(write, before), **fields)


def _eltwise(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("eltwise")
    kind = parameters.choice("operation", "PROD", "SUM", "MAX", default=1)
    sources = list(write.sources)
    coefficients = parameters.numbers("coeff")
    if kind == "SUM" and coefficients == [1, -1]:
        return write.add("subtract")
    if kind == "SUM":
        for at, factor in enumerate(coefficients[: len(sources)]):
            if factor != 1:
                name = f"{write.layer.name}_{at + 1}"
                (sources[at],) = write.add("multiply", [sources[at]], name, right=factor)
    return write.add({"PROD": "multiply", "SUM": "add", "MAX": "maximum"}[kind], sources)


def _concat(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("concat")
    parameters.channels_axis("concat_dim")
    return write.add("concat") if len(write.sources) > 1 else write.sources


def _slice(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("slice")
    parameters.channels_axis("slice_dim")
    points = parameters.wholes("slice_point")
    tops = len(write.layer.tops)
    if points and len(points) != tops - 1:
        raise write.layer.fault(f"its {tops} tops need {tops - 1} slice_points, not {len(points)}")
    parts: list[object] = [f"{at + 1} of {tops}" for at in range(tops)]
    if points:
        parts = [list(pair) for pair in zip([0, *points], [*points, "channels"], strict=True)]
    asked = [word.text not in write.network.silenced for word in write.layer.tops]
    names = [f"{write.layer.name}_{word.text}" for word in write.layer.tops]
    if sum(asked) == 1:
        names = [write.layer.name] * tops
    return [
        write.add("slice", None, name, channels=part)[0] if used else ""
        for name, part, used in zip(names, parts, asked, strict=True)
    ]


def _reshape(write: _LayerWriter) -> list[str]:
    parameters = _CaffeFields(write.layer, write.parameters("reshape").message.message("shape"))
    dims = parameters.wholes("dim")
    if write.parameters("reshape").has("axis", "num_axes") or not dims:
        raise write.layer.fault("only a whole shape is read: reshape_param { shape { dim: ... } }")
    if len(dims) == 2 and dims[1] == -1:
        return write.add("flatten")
    if len(dims) > 1 and min(dims[1:]) > 0:
        return write.add("reshape", shape=[*dims[2:], dims[1]])
    raise write.layer.fault("a shape with 0 or -1 behind the batch is not read", "write numbers")


def _batchnorm(write: _LayerWriter) -> list[str]:
    fields: dict[str, Any] = {"affine": False}
    written = write.network.layers.add("batchnorm", fields, write.sources, write.layer.name)
    write.network.norms[written] = fields
    return [written]


def _scale(write: _LayerWriter) -> list[str]:
    """Write trained factors, as part of the batch normalisation that they alone follow."""
    if len(write.sources) > 1:
        return write.add("multiply")
    parameters = write.parameters("scale")
    bias = parameters.truth("bias_term", default=False)
    per, count = _extent(write, parameters), 1 + bias
    norm = write.network.norms.get(write.sources[0])
    if norm is None or per != "channel" or not write.completes or any(write.weight_names(count)):
        return write.learned("scale", per=per, bias=bias)
    del write.network.norms[write.sources[0]], norm["affine"]
    if not bias:
        norm["shift"] = False
    if write.is_frozen(count):
        norm["trainable"] = False
    return write.sources


def _extent(write: _LayerWriter, parameters: _CaffeFields) -> str:
    """Return what has a number of its own."""
    axis, count = parameters.whole("axis", 1), parameters.whole("num_axes", 1)
    if (axis, count) == (1, 1):
        return "channel"
    if (axis, count) in ((1, -1), (0, 0)):
        return "element" if count else "one"
    raise write.layer.fault(
        f"axis {axis} and num_axes {count} have no layer", "axis 1, num_axes 1 or -1"
    )


def _crop(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("crop")
    if parameters.whole("axis", 2) != 2 or len(write.sources) != 2:
        raise write.layer.fault(
            "its axis is not 2: only sides are cropped, to those of a second bottom"
        )
    offsets = parameters.wholes("offset") or [0]
    offset = offsets[0] if len(offsets) == 1 else offsets
    return write.add("crop", write.sources[:1], like=write.sources[1], offset=offset)


def _plain(kind: str, name: str = "", **only: int) -> Callable[[_LayerWriter], list[str]]:
    """Return the rule of a layer whose parameters, if it has any, are read at their defaults."""

    def rule(write: _LayerWriter) -> list[str]:
        parameters = write.parameters(name)
        for field, default in only.items():
            if parameters.number(field, default) != default:
                raise write.layer.fault(f"its {field} is read as {default} alone, Caffe's default")
        return write.add(kind, write.sources[:1])

    return rule


def _relu(write: _LayerWriter) -> list[str]:
    slope = write.parameters("relu").number("negative_slope", 0)
    return write.add("leaky_relu", slope=slope) if slope else write.add("relu")


def _clip(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("clip")
    bounds = [parameters.numbers(word)[-1:] for word in ("min", "max")]
    if not all(bounds):
        raise write.layer.fault("it has no min or no max", "add `clip_param { min: 0 max: 6 }`")
    low, high = bounds[0][0], bounds[1][0]
    return write.add("relu6") if (low, high) == (0, 6) else write.add("clip", range=[low, high])


def _mvn(write: _LayerWriter) -> list[str]:
    parameters = write.parameters("mvn")
    if not parameters.truth("normalize_variance", default=True):
        raise write.layer.fault("a mean that is taken off, and no variance, is not read")
    if parameters.truth("across_channels", default=False):
        return write.add("layernorm", over="all", affine=False)
    return write.add("instancenorm", affine=False)


_LAYERS: dict[str, Callable[[_LayerWriter], list[str]]] = {
    "absval": _plain("abs"),
    "batchnorm": _batchnorm,
    "bias": lambda write: (
        write.add("add")
        if len(write.sources) > 1
        else write.learned("bias", per=_extent(write, write.parameters("bias")))
    ),
    "bnll": _plain("softplus"),
    "clip": _clip,
    "concat": _concat,
    "convolution": lambda write: _convolution(write, "conv"),
    "crop": _crop,
    "deconvolution": lambda write: _convolution(write, "transposed"),
    "dropout": lambda write: write.add(
        "dropout", rate=write.parameters("dropout").number("dropout_ratio", 0.5)
    ),
    "eltwise": _eltwise,
    "elu": lambda write: write.add("elu", alpha=write.parameters("elu").number("alpha", 1)),
    "exp": _plain("exp", "exp", base=-1, scale=1, shift=0),
    "flatten": _plain("flatten", "flatten", axis=1, end_axis=-1),
    "innerproduct": _dense,
    "log": _plain("log", "log", base=-1, scale=1, shift=0),
    "lrn": _lrn,
    "mvn": _mvn,
    "pooling": _pool,
    "power": _power,
    "prelu": lambda write: write.learned(
        "prelu", shared=write.parameters("prelu").truth("channel_shared", default=False)
    ),
    "relu": _relu,
    "reshape": _reshape,
    "scale": _scale,
    "sigmoid": _plain("sigmoid"),
    "sigmoidcrossentropyloss": _plain("sigmoid"),
    "slice": _slice,
    "softmax": _plain("softmax", "softmax", axis=1),
    "softmaxloss": _plain("softmax", "softmax", axis=1),
    "softmaxwithloss": _plain("softmax", "softmax", axis=1),
    "swish": _plain("silu", "swish", beta=1),
    "tanh": _plain("tanh"),
}
#: What a misspelt type may have meant.
_KNOWN = (
    *("Convolution", "Pooling", "InnerProduct", "ReLU", "LRN", "BatchNorm", "Scale", "Concat"),
    *("Eltwise", "Softmax", "Dropout", "Deconvolution", "Flatten", "Reshape", "Slice", "Sigmoid"),
    *("TanH", "PReLU", "Power", "Input", "Data", "Accuracy"),
)
