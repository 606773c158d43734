"""Caffe's layers of data: the shapes of what they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.readers.caffe.fields import CaffeFields, CaffeLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.readers.caffe.network import CaffeNetwork


def _stated(name: str) -> Callable[[CaffeNetwork, CaffeLayer], None]:
    """Return how the layers of data are read that state the shape of each of their tops."""

    def enter(network: CaffeNetwork, layer: CaffeLayer) -> None:
        parameters = layer.parameters(name)
        shapes = [
            CaffeFields(layer, shape).wholes("dim")
            for shape in parameters.message.messages("shape")
        ]
        words = ("num", "channels", "height", "width")
        old = zip(*(parameters.wholes(word) for word in words), strict=False)
        shapes = shapes or [list(dims) for dims in old]
        for at, word in enumerate(layer.tops):
            # one shape is that of all tops
            network.input(word.text, shapes[min(at, len(shapes) - 1)] if shapes else [])

    return enter


def _pictures(network: CaffeNetwork, layer: CaffeLayer) -> None:
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


def _memory(network: CaffeNetwork, layer: CaffeLayer) -> None:
    parameters = layer.parameters("memory_data")
    dims = [parameters.whole(word) for word in ("batch_size", "channels", "height", "width")]
    for word in layer.tops[:1]:
        network.input(word.text, dims)
    network.blobs.update({word.text: None for word in layer.tops[1:]})


DATA: dict[str, Callable[[CaffeNetwork, CaffeLayer], None]] = {
    "input": _stated("input"),
    "dummydata": _stated("dummy_data"),
    "data": _pictures,
    "imagedata": _pictures,
    "windowdata": _pictures,
    "hdf5data": _pictures,
    "memorydata": _memory,
}
