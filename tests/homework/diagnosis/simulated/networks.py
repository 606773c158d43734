"""The networks as lists of layers, typed in from their papers."""

from __future__ import annotations

from typing import NamedTuple


class Layer(NamedTuple):
    """A layer: kernel, stride, padding per end, filters or units; `block` is the row it is in."""

    name: str
    kind: str
    kernel: int = 0
    stride: int = 1
    pad: int = 0
    filters: int = 0
    inputs: tuple[str, ...] = ()
    block: str = ""
    ceil: bool = False


class Network(NamedTuple):
    """A network: its layers in order, the side and the channels of its image."""

    spec: str
    layers: tuple[Layer, ...]
    side: int

    def rows(self, *, inside: bool) -> dict[str, tuple[Layer, ...]]:
        """Return the layers of every row of the sheet; with those of blocks one by one if asked."""
        collected: dict[str, list[Layer]] = {}
        for layer in self.layers:
            collected.setdefault(layer.name if inside else layer.block or layer.name, []).append(
                layer
            )
        return {name: tuple(layers) for name, layers in collected.items()}


def _chain(*layers: Layer) -> tuple[Layer, ...]:
    """Connect every layer that names no input to the one before."""
    done: list[Layer] = []
    for layer in layers:
        before = done[-1].name if done else "input"
        done.append(layer if layer.inputs else layer._replace(inputs=(before,)))
    return tuple(done)


def _conv(name: str, kernel: int, filters: int, stride: int = 1, pad: int = 0) -> Layer:
    return Layer(name, "conv", kernel, stride, pad, filters)


def _pool(name: str, kernel: int, stride: int, *, ceil: bool = False) -> Layer:
    return Layer(name, "pool", kernel, stride, ceil=ceil)


def _dense(name: str, units: int) -> Layer:
    return Layer(name, "dense", filters=units)


_HEAD = (_dense("fc6", 4096), _dense("fc7", 4096), _dense("fc8", 1000))
ALEXNET = _chain(
    _conv("conv1", 11, 96, stride=4),
    _pool("pool1", 3, 2),
    _conv("conv2", 5, 256, pad=2),
    _pool("pool2", 3, 2),
    _conv("conv3", 3, 384, pad=1),
    _conv("conv4", 3, 384, pad=1),
    _conv("conv5", 3, 256, pad=1),
    _pool("pool3", 3, 2),
    *_HEAD,
)
_PLAN = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
VGG16 = _chain(
    *(
        layer
        for block, (times, filters) in enumerate(_PLAN, 1)
        for layer in (
            *(_conv(f"conv{block}_{n}", 3, filters, pad=1) for n in range(1, times + 1)),
            _pool(f"pool{block}", 2, 2),
        )
    ),
    *_HEAD,
)


def _inception(name: str, of: str, *filters: int) -> tuple[Layer, ...]:
    """Build a module of Table 1: 1x1, 3x3 reduced, 5x5 reduced, pool and its projection."""
    plain, reduce3, three, reduce5, five, projected = filters

    def conv(path: str, kernel: int, count: int, source: str) -> Layer:
        at = f"{name}/{path}"
        return Layer(at, "conv", kernel, 1, kernel // 2, count, (source,), name)

    return (
        conv("1x1/conv1", 1, plain, of),
        conv("3x3/reduce", 1, reduce3, of),
        conv("3x3/conv2", 3, three, f"{name}/3x3/reduce"),
        conv("5x5/reduce", 1, reduce5, of),
        conv("5x5/conv2", 5, five, f"{name}/5x5/reduce"),
        Layer(f"{name}/pool/pool1", "pool", 3, 1, 1, 0, (of,), name),
        conv("pool/proj", 1, projected, f"{name}/pool/pool1"),
        Layer(
            f"{name}/concat1",
            "concat",
            inputs=tuple(
                f"{name}/{path}" for path in ("1x1/conv1", "3x3/conv2", "5x5/conv2", "pool/proj")
            ),
            block=name,
        ),
    )


#: The columns of GoogLeNet's table: 1x1, 3x3 reduced and its own, 5x5 likewise, and behind the pool.
INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def _googlenet() -> tuple[Layer, ...]:
    layers = list(
        _chain(
            _conv("conv1", 7, 64, stride=2, pad=3),
            _pool("pool1", 3, 2, ceil=True),
            _conv("conv2/reduce", 1, 64)._replace(block="conv2"),
            _conv("conv2/conv2", 3, 192, pad=1)._replace(block="conv2"),
            _pool("pool2", 3, 2, ceil=True),
        )
    )
    pools = {"4a": "pool3", "5a": "pool4"}
    for module, filters in INCEPTIONS.items():
        if module in pools:
            pool = _pool(pools[module], 3, 2, ceil=True)
            layers.append(pool._replace(inputs=(layers[-1].name,)))
        layers += _inception(f"inception_{module}", layers[-1].name, *filters)
    layers.append(_pool("pool5", 7, 1)._replace(inputs=(layers[-1].name,)))
    layers.append(_dense("linear", 1000)._replace(inputs=("pool5",)))
    return tuple(layers)


NETWORKS = {
    "alexnet": Network("alexnet", ALEXNET, 227),
    "vgg16": Network("vgg16", VGG16, 224),
    "googlenet": Network("googlenet", _googlenet(), 224),
}
