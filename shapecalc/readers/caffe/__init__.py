"""Caffe's networks, `.prototxt`: deploy files and those for training, in both spellings.

Of a network for training the phase TEST is read.  A blob has the name of whatever wrote it last, so
that layers which work in place follow each other.  Pools round up and clip as Caffe does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.readers import ReadModel
from shapecalc.readers.caffe.data import DATA
from shapecalc.readers.caffe.fields import CaffeFields, CaffeLayer
from shapecalc.readers.caffe.layers import LAYERS, CaffeLayerWriter
from shapecalc.readers.caffe.network import CaffeNetwork
from shapecalc.readers.faults import text_of, unreadable
from shapecalc.readers.protobuf_text import parse
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from mmap import mmap

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
#: What a misspelt type may have meant.
_KNOWN = (
    *("Convolution", "Pooling", "InnerProduct", "ReLU", "LRN", "BatchNorm", "Scale", "Concat"),
    *("Eltwise", "Softmax", "Dropout", "Deconvolution", "Flatten", "Reshape", "Slice", "Sigmoid"),
    *("TanH", "PReLU", "Power", "Input", "Data", "Accuracy"),
)


def read(name: str, data: bytes | mmap) -> ReadModel:
    """Read a network.  Raises `SpecErrors`."""
    source = text_of(name, data)
    return _CaffeReading(source, parse(source)).read()


class _CaffeReading(CaffeNetwork):
    """A file's layers on their way into a spec."""

    def read(self) -> ReadModel:
        """Read all layers."""
        self._declared_inputs()
        layers = [
            CaffeLayer(self.source, message) for message in self.message.messages("layer", "layers")
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
            CaffeFields(CaffeLayer(self.source, shape), shape).wholes("dim")
            for shape in self.message.messages("input_shape")
        ]
        own = CaffeFields(CaffeLayer(self.source, self.message), self.message)
        dims = own.wholes("input_dim")
        shapes += [dims[at : at + 4] for at in range(0, len(dims), 4)]
        for at, word in enumerate(names):
            self.input(word.text, shapes[at] if at < len(shapes) else [])

    def _read(self, layer: CaffeLayer, completed: bool) -> None:
        if layer.message.messages("layer"):
            raise layer.fault(
                "the file is of Caffe's first format, of 2013", "upgrade it with Caffe"
            )
        kind = layer.kind
        if kind in DATA:
            DATA[kind](self, layer)
        elif kind in _MEASURES:
            self.left_out[layer.type] += 1
            self.blobs.update({word.text: None for word in layer.tops})
        elif kind == "split":
            source = self.sources(layer)[0]
            self.blobs.update({word.text: source for word in layer.tops})
        elif kind == "silence":
            pass
        elif kind in LAYERS:
            self._computed(layer, completed)
        else:
            hint = did_you_mean(layer.type, _KNOWN)
            raise layer.fault(f"there is no layer for its type '{layer.type}'", hint)

    def _computed(self, layer: CaffeLayer, completed: bool) -> None:
        sources = self.sources(layer)
        if not sources:
            raise layer.fault("it reads nothing that is computed", 'add `bottom: "NAME"`')
        tops = LAYERS[layer.kind](CaffeLayerWriter(self, layer, sources, completed))
        for word, top in zip(layer.tops, tops, strict=False):
            self.blobs[word.text] = top or None


def _readers(layers: Sequence[CaffeLayer]) -> list[bool]:
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
