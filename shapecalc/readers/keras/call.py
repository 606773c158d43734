"""One call of a layer of Keras, and what is written for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.readers.json_text import JsonFields
from shapecalc.readers.layer_list import LayerList

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.readers.keras.flow import Flow

#: What has weights of its own, which a second call shares.
_LEARNED = frozenset(
    [
        "conv",
        "depthwise",
        "separable",
        "transposed",
        "dense",
        "embedding",
        "batchnorm",
        "layernorm",
        "groupnorm",
        "instancenorm",
        "rmsnorm",
        "prelu",
        "rnn",
        "lstm",
        "gru",
        "scale",
        "bias",
        "subsampling",
        "position_embedding",
        "token",
        "parameter",
        "relative_position",
    ]
)


class KerasLayers:
    """What is written of a model so far, and whose weights a second call shares."""

    def __init__(self, *, channels_first: bool) -> None:
        self.layers = LayerList()
        self.owners: dict[str, str] = {}
        self.channels_first = channels_first

    def channels_last(self, extents: Sequence[Any]) -> list[Any]:
        """Return extents of the file in our order."""
        return [*extents[1:], extents[0]] if self.channels_first else list(extents)


class LayerCall:
    """A call of a layer: its fields, what flows in, and the layers that are written for it."""

    def __init__(
        self,
        written: KerasLayers,
        layer: JsonFields,
        path: str,
        flows: list[Flow],
        options: dict[str, Any],
    ) -> None:
        self.written = written
        self.layer = layer
        self.path = path
        self.flows = flows
        self.options = options
        self.config: JsonFields = JsonFields(layer.name, layer.owner, layer.get("config"))
        self.kind = layer.text("class_name")

    @property
    def flow(self) -> Flow:
        """What flows in, the first of several."""
        return self.flows[0]

    def add(
        self,
        kind: str,
        flows: Sequence[Flow] | None = None,
        part: str = "",
        /,
        **fields: Any,  # noqa: ANN401
    ) -> Flow:
        """Write a layer; what it computes has as many axes as the first that flows in."""
        sources = self.flows if flows is None else flows
        key = self.path + part
        if kind in _LEARNED:
            owner = self.written.owners.get(key)
            if owner is not None:
                fields["share"] = owner
            elif not self.config.truth("trainable", default=True):
                fields["trainable"] = False
        name = self.written.layers.add(kind, fields, [flow.layer for flow in sources], key)
        self.written.owners.setdefault(key, name)
        flow = sources[0] if sources else self.flow
        return flow._replace(layer=name, shape=None, around=())

    def sizes(self, key: str, sides: int, default: int | None = None) -> int | list[int]:
        """Return a size per side, one for all where they agree.  Raises `SpecErrors`."""
        if key not in self.config and default is not None:
            return default
        sizes = self.config.wholes(key)
        if len(sizes) == 1 or len(set(sizes)) == 1:
            return sizes[0]
        if len(sizes) != sides:
            raise self.layer.fault(f"{key} has {len(sizes)} sizes for {sides} sides")
        return sizes

    def axis(self, axis: int, rank: int) -> int:
        """Return an axis of the file, the batch among them, as ours: -1 is the channels."""
        place = axis - 1 if axis > 0 else rank + axis
        if axis == 0 or not 0 <= place < rank:
            raise self.layer.fault(f"it works along axis {axis} of {rank + 1}")
        if self.written.channels_first and rank > 1:
            return -1 if place == 0 else place - 1
        return -1 if place == rank - 1 else place
