"""What is known of a file of Caffe's: its blobs, what flows in, and who has which weights."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from shapecalc.readers.faults import unreadable
from shapecalc.readers.layer_list import LayerList
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.caffe.fields import CaffeLayer
    from shapecalc.readers.protobuf_text import Message
    from shapecalc.text import Source

#: The axes behind the batch, by how many there are.
_AXES = {
    2: ("length",),
    3: ("height", "width"),
    4: ("depth", "height", "width"),
}


class CaffeNetwork:
    """What is known of a file while its layers become those of a spec."""

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

    def sources(self, layer: CaffeLayer) -> list[str]:
        """Return what computes a layer's bottoms.  Raises `SpecErrors` for an unknown one."""
        for word in layer.bottoms:
            if word.text not in self.blobs:
                hint = did_you_mean(word.text, self.blobs) or "the phase that is read is TEST"
                raise layer.fault(f"no layer before it has the top '{word.text}'", hint, word.at)
        sources = (self.blobs[word.text] for word in layer.bottoms)
        return [source for source in sources if source is not None]
