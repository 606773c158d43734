"""PyTorch as judge: its layers, built from our fields, own and give what our rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from draw import FITTED, layers, pads, tables
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, alone, answer, need, taken

from shapecalc import summarize
from shapecalc.layers import BUILTIN, layer_class
from shapecalc.layers.fields import MODES, Padding
from shapecalc.layers.shape import Map, Shape, Vector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import torch
    from torch import nn

else:
    torch = need("torch")
    nn = torch.nn

from compare import differences, run
from twin import Do, twin

from tests.kinds import LINEAR, NEED_SIDES, WINDOWED
from tests.paths import NETWORKS, SPECS

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

FILES = [*SPECS.glob("*.yaml"), *NETWORKS.glob("*.yaml")]

#: Layer types without a twin, each with its reason.
WITHOUT: dict[str, str] = {}

#: What PyTorch refuses with.
REFUSALS = (ValueError, RuntimeError, IndexError)


def make(word: str, **fields: Any) -> AnyLayer:
    return layer_class(word)(**fields)


@pytest.mark.parametrize("path", sorted(FILES), ids=lambda path: path.stem)
def test_every_network_is_its_twin(path: Path) -> None:
    assert differences(summarize(path)) == []


@pytest.mark.parametrize("word", BUILTIN)
def test_every_type_has_a_twin_or_a_reason(word: str) -> None:
    has_twin = twin.dispatch(layer_class(word)) is not twin.dispatch(object)
    assert has_twin != bool(WITHOUT.get(word))


# -- one layer at a time ------------------------------------------------------------------------


def agree(layer: AnyLayer, *shapes: Shape) -> None:
    """Both refuse the layer; or both take it, with the same arrays, output and MACs."""
    report = answer(layer, *shapes)
    if report is not None:
        assert differences(report, device="cpu") == []
        return
    with pytest.raises(REFUSALS):
        run([(node.layer, node) for node in alone(layer, *shapes).nodes], device="cpu")


def keras_alone_refuses(layer: AnyLayer) -> bool:
    """Tell whether an output padding suits PyTorch but not Keras, whose `same` and `valid` are."""
    if layer.type != "transposed" or layer.output_padding is None or layer.pad.mode == "given":
        return False
    rank = max(map(len, (layer.output_padding, layer.stride)))
    extra, stride = (each * (rank // len(each)) for each in (layer.output_padding, layer.stride))
    return any(more >= step for more, step in zip(extra, stride, strict=True))


def check(word: str, data: st.DataObject) -> None:
    layer, shapes = data.draw(layers(word))
    assume(not keras_alone_refuses(layer))
    agree(layer, *shapes)


@pytest.mark.parametrize("word", sorted(WINDOWED))
@settings(max_examples=1200, deadline=None)
@given(data=st.data())
def test_any_window_is_its_twin(word: str, data: st.DataObject) -> None:
    check(word, data)


@pytest.mark.parametrize("word", sorted(BUILTIN.keys() - WINDOWED))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_other_layer_is_its_twin(word: str, data: st.DataObject) -> None:
    check(word, data)


@settings(max_examples=300, deadline=None)
@given(drawn=tables())
def test_any_table_of_connections_is_its_twin(drawn: tuple[AnyLayer, tuple[Shape, ...]]) -> None:
    layer, shapes = drawn
    agree(layer, *shapes)


#: What unit vectors do not show: a bias adds to every unit, all is seen, axes change places.
NOT_SHOWN = {
    "pixel_shuffle", "pixel_unshuffle", "subsampling", "global_avgpool", "permute", "roll",
    "window_partition", *FITTED,
}  # fmt: skip
#: The types whose outputs are sums of inputs, so that unit vectors show what each unit sees.
SHOWN = [word for word in LINEAR if word in NEED_SIDES and word not in NOT_SHOWN]


@pytest.mark.parametrize("word", SHOWN)
@settings(max_examples=300, deadline=None)
@given(data=st.data(), n=st.integers(1, 13))
def test_units_see_what_pytorch_s_see(word: str, data: st.DataObject, n: int) -> None:
    x = Map((n,), 1)
    only: dict[str, st.SearchStrategy[Any]] = {"bias": st.just(False), "groups": st.just(1)}
    if word == "transposed":  # Keras's other modes are in test_keras.py
        only["pad"] = pads(1)
    layer, _ = data.draw(layers(word, x, only))
    report = answer(layer, x)
    if report is None:
        reject()
    made = twin(layer, torch.empty(n, 1, n))
    for weights in made.parameters():
        nn.init.ones_(weights)
    with torch.no_grad():
        seen = made(torch.eye(n)[:, None]).amax(1).T > 1e-4  # output x input
    (field,) = report["layer"].field
    gaps = getattr(layer, "dilation", (1,)) != (1,) or getattr(layer, "mode", "") == "bilinear"
    mirrored = any(reach.mirrored for reach in layer.window(x))
    for unit, places in enumerate(seen.tolist()):
        low, high = field.sees(unit)
        rows = set(range(low, high + 1))
        if mirrored:  # what lies beyond an end is what lies before it
            rows = {min(abs(row), 2 * (n - 1) - abs(row)) for row in rows}
        ours = [place in rows for place in range(n)]
        assert ours == places or gaps
        assert not any(there and not our for our, there in zip(ours, places, strict=True))


@pytest.mark.parametrize("word", NEED_SIDES)
@settings(max_examples=5)
@given(data=st.data())
def test_both_refuse_a_vector(word: str, data: st.DataObject) -> None:
    layer, _ = data.draw(layers(word))
    count = layer.inputs or 2
    assert answer(layer, *(Vector(30),) * count) is None
    vectors = (torch.rand(2, 30),) * count
    with pytest.raises(REFUSALS):
        twin(layer, *vectors)(*vectors)


# -- where the two differ on purpose ------------------------------------------------------------

WE_ALLOW: dict[str, tuple[AnyLayer, Shape, Callable[[], Any], Shape]] = {
    "a pool padded by more than half its kernel": (
        make("maxpool", kernel=(3,), stride=(2,), pad=Padding(((2, 2),))),
        Map((7, 10), 5),
        lambda: nn.MaxPool2d(3, 2, padding=2),
        Map((5, 6), 5),
    ),
    "the same, dilated: the kernel counts for PyTorch 2.13, not what it covers": (
        make("maxpool", kernel=(3,), dilation=(3,), stride=(2,), pad=Padding(((3, 3),))),
        Map((7, 10), 5),
        lambda: nn.MaxPool2d(3, 2, padding=3, dilation=3),
        Map((4, 5), 5),
    ),
    "under ceil, a mean over a window larger than a volume (in 2-D PyTorch takes it)": (
        make("avgpool", kernel=(3,), rounding="ceil"),
        Map((2, 5, 7), 3),
        lambda: nn.AvgPool3d(3, ceil_mode=True),
        Map((1, 2, 3), 3),
    ),
    "instance normalisation of a single place": (
        make("instancenorm"),
        Map((1, 1), 5),
        lambda: nn.InstanceNorm2d(5),
        Map((1, 1), 5),
    ),
    "response normalisation of a vector": (
        make("lrn"),
        Vector(7),
        lambda: nn.LocalResponseNorm(5),
        Vector(7),
    ),
    "a shuffled vector": (
        make("channel_shuffle", groups=3),
        Vector(6),
        lambda: nn.ChannelShuffle(3),
        Vector(6),
    ),
}


@pytest.mark.parametrize("what", WE_ALLOW)
def test_pytorch_refuses_what_we_allow(what: str) -> None:
    layer, shape, module, expected = WE_ALLOW[what]
    with pytest.raises(REFUSALS):
        module()(torch.rand(2, shape.channels, *shape.sides))
    report = taken(layer, shape)
    assert report["layer"].output == expected


def test_pytorch_takes_a_window_larger_than_the_image_under_ceil() -> None:
    assert nn.AvgPool2d(3, ceil_mode=True)(torch.rand(1, 3, 2, 5)).shape == (1, 3, 1, 2)


def test_pytorch_stretches_what_add_refuses() -> None:
    assert (torch.rand(1, 5, 2, 3) + torch.rand(1, 1, 2, 3)).shape == (1, 5, 2, 3)
    assert answer(make("add"), Map((2, 3), 5), Map((2, 3), 1)) is None


def test_pytorch_bounds_output_padding_by_the_dilation_too_but_keras_does_not() -> None:
    nn.ConvTranspose2d(3, 5, 3, stride=1, dilation=2, output_padding=1)(torch.rand(1, 3, 7, 9))
    fields = {"filters": 5, "kernel": (3,), "dilation": (2,), "output_padding": (1,)}
    assert answer(make("transposed", **fields), Map((7, 9), 3)) is not None
    assert answer(make("transposed", **fields, pad=MODES["same"]), Map((7, 9), 3)) is None


# -- bite tests: a wrong twin must be caught ----------------------------------------------------


RIGHT: dict[str, Any] = {
    "filters": 6,
    "kernel": (3, 5),
    "stride": (2,),
    "pad": Padding(((1, 1),)),
    "groups": 3,
}


@pytest.mark.parametrize(
    ("wrong", "caught"),
    [
        ({"stride": (3,)}, ["layer output", "layer macs", "total macs"]),
        ({"pad": Padding(((1, 2),))}, ["layer output", "layer macs", "total macs"]),
        ({"bias": False}, ["layer arrays", "total params"]),
        ({"bias": "per_position"}, ["layer arrays", "total params"]),
        ({"kernel": (5, 3)}, ["layer arrays", "layer output", "layer macs", "total macs"]),
        ({"groups": 1}, ["layer arrays", "layer macs", "total params", "total macs"]),
    ],
)
def test_a_wrong_field_is_caught(wrong: dict[str, Any], caught: list[str]) -> None:
    report = taken(make("conv", **RIGHT), Map((12, 14), 9))
    assert differences(report) == []
    found = differences(report, lambda _, x: twin(make("conv", **RIGHT | wrong), x))
    assert [each.split(":")[0] for each in found] == caught


def test_a_transposed_convolution_counted_by_its_output_is_caught() -> None:
    layer = make("transposed", filters=5, kernel=(2,), stride=(2,))
    report = taken(layer, Map((7, 9), 3))
    right, _ = run([(node.layer, node) for node in report.graph.nodes])
    assert right[1].macs == 3 * 5 * 2 * 2 * 7 * 9  # torchinfo has 4 times as many


def test_a_product_left_out_is_caught() -> None:
    report = taken(make("dense", units=5), Map((2, 3), 7))

    def lazy(layer: AnyLayer, x: torch.Tensor) -> nn.Module:
        made = twin(layer, x)
        made.forward = lambda x: x.new_empty(len(x), layer.units)
        return made

    found = differences(report, lazy)
    assert [each.split(":")[0] for each in found] == ["layer macs", "total macs"]


def test_shared_weights_counted_twice_are_caught() -> None:
    report = summarize(NETWORKS / "siamese.yaml")
    apart = [
        (row.layer, node._replace(share=None))
        for row, node in zip(report.rows, report.graph.nodes, strict=True)
    ]
    assert run(apart)[1] == 2 * report.totals.params - (4096 + 1)  # all but the last dense layer


def test_a_layer_without_a_twin_is_caught() -> None:
    with pytest.raises(NotImplementedError):
        twin(object())
    assert Do(abs)(torch.tensor(-1)) == 1
