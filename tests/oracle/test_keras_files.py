"""Keras' own applications, written by Keras and read without it: the same layers and parameters."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from judge import need

import shapecalc

if TYPE_CHECKING:
    from pathlib import Path

    import keras
else:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = need("keras")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

#: One of each family, at the size that it is published for.
APPLICATIONS = {
    "ConvNeXtTiny": 224,
    "DenseNet121": 224,
    "EfficientNetB0": 224,
    "EfficientNetV2B0": 224,
    "InceptionResNetV2": 299,
    "InceptionV3": 299,
    "MobileNet": 224,
    "MobileNetV2": 224,
    "MobileNetV3Small": 224,
    "NASNetMobile": 224,
    "ResNet50": 224,
    "ResNet50V2": 224,
    "VGG16": 224,
    "Xception": 299,
}
#: What a measured normalisation counts its examples by is no parameter of ours.
COUNTERS = {"EfficientNetB0": 1}
#: Layers that are none of ours: what changes nothing, and what gives a gate sides of 1.
NOTHING = ("_identity", "_se_reshape")

#: MACs that torchvision's counts, our specs, or the papers have, of networks that are the same.
MACS = {
    "ConvNeXtTiny": 4_455_531_264,  # torchvision's
    "DenseNet121": 2_834_161_664,  # torchvision's
    "InceptionV3": 5_713_216_096,  # torchvision's, without its auxiliary head
    "MobileNet": 568_740_352,  # the paper's 569 million
    "MobileNetV2": 300_774_272,  # torchvision's
    "ResNet50": 3_857_973_248,  # version 1, of which Table 1 has 3.8 billion
    "VGG16": 15_470_264_320,
}


def volumes(layer: keras.Layer) -> list[tuple[int, ...]]:
    """Return what a layer gives, without the batch and without extents of 1."""
    shapes = [layer.output.shape] if not isinstance(layer.output, list) else []
    return [tuple(size for size in shape[1:] if size != 1) for shape in shapes]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_application_is_keras_s(name: str, tmp_path: Path) -> None:
    size = APPLICATIONS[name]
    model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    path = tmp_path / "net.json"
    path.write_text(model.to_json())
    report = shapecalc.summarize(path)
    totals = report.totals
    assert totals.params + totals.buffers + COUNTERS.get(name, 0) == model.count_params()
    assert totals.macs == MACS.get(name, totals.macs)
    compared = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer) or layer.name.endswith(NOTHING):
            continue
        if isinstance(layer, keras.Sequential):  # a level of ours
            continue
        ours = report[layer.name].output
        sizes = tuple(extent for extent in (*ours.sides, ours.channels) if extent != 1)
        assert [sizes] == volumes(layer), layer.name
        compared += 1
    assert compared >= 20


def test_an_archive_with_weights_is_read_like_its_json(tmp_path: Path) -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(5),
        ]
    )
    model.save(tmp_path / "net.keras")
    model.save(tmp_path / "net.h5")
    for file in ("net.keras", "net.h5"):
        totals = shapecalc.summarize(tmp_path / file).totals
        assert totals.params + totals.buffers == model.count_params()


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_transposed_convolution_is_as_large_as_keras_s(padding: str) -> None:
    moves = ((1, 1, None), (1, 2, 0), (1, 2, None), (1, 3, 0), (2, 1, None), (2, 1, 0), (3, 1, 2))
    for kernel in (2, 3, 4):
        for stride, dilation, extra in moves:
            layer = keras.layers.Conv2DTranspose(
                *(5, kernel, stride, padding), output_padding=extra, dilation_rate=dilation
            )
            model = keras.Sequential([keras.Input((7, 8, 3)), layer])
            output = shapecalc.summarize(shapecalc.from_keras(model)).rows[-1].output
            shape = (*output.sides, output.channels)
            assert shape == model.outputs[0].shape[1:], (kernel, stride, dilation, extra)
