"""Real ONNX files: our walk over protobuf beside the `onnx` package, PyTorch's exports beside PyTorch."""

from __future__ import annotations

import warnings
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import pytest
from judge import need

import shapecalc
from shapecalc.readers.onnx.file import read_file
from shapecalc.readers.protobuf import Messages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

onnx = need("onnx")
torch = need("torch")
need("onnxscript")
nn = torch.nn
F = torch.nn.functional

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


class Of(nn.Module):
    """A function of modules and an input, as a module."""

    def __init__(self, function: Callable[..., Any], *modules: Any) -> None:
        super().__init__()
        self.function = function
        self.parts = nn.ModuleList(modules)

    def forward(self, x: Any) -> Any:
        return self.function(*self.parts, x)


def squeezed_excitation(conv: Any, down: Any, up: Any, x: Any) -> Any:
    y = conv(x)
    return y * torch.sigmoid(up(F.relu(down(F.adaptive_avg_pool2d(y, 1)))))


def attention(query: Any, key: Any, value: Any, x: Any) -> Any:
    return torch.softmax(query(x) @ key(x).transpose(1, 2) / 2.5, -1) @ value(x)


def in_heads(query: Any, key: Any, value: Any, out: Any, x: Any, *, causal: bool) -> Any:
    """Attend with six heads of queries, and as many of keys and values as these have channels for."""
    n, length, _ = x.shape
    q, k, v = (layer(x).view(n, length, -1, 4).transpose(1, 2) for layer in (query, key, value))
    times = 6 // k.shape[1]
    if times > 1:
        k, v = (part.repeat_interleave(times, 1) for part in (k, v))
    scores = q @ k.transpose(2, 3) / 2
    if causal:
        scores = scores + torch.full((length, length), float("-inf")).triu(1)
    y = torch.softmax(scores, -1) @ v
    return out(y.transpose(1, 2).reshape(n, length, 24))


def heads(groups: int = 6, *, causal: bool = False) -> Any:
    parts = (nn.Linear(10, 24), nn.Linear(10, 4 * groups), nn.Linear(10, 4 * groups))
    return Of(partial(in_heads, causal=causal), *parts, nn.Linear(24, 10))


def windows(shift: int) -> Any:
    swin = need("torchvision.models.swin_transformer")
    made = swin.ShiftedWindowAttention(8, [3, 3], [shift, shift], 2)
    return Of(lambda f, x: f(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2), made)


def convnext(d: Any, n: Any, a: Any, b: Any, x: Any) -> Any:
    y = b(F.gelu(a(n(d(x).permute(0, 2, 3, 1)))))
    return x + y.permute(0, 3, 1, 2)


#: A network a line: what it is made of, the input's extents, the types that come out.
NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, ...], str]] = {
    "silu": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.SiLU()), (3, 9, 7), "conv silu"),
    "gelu": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GELU()), (3, 9, 7), "conv gelu"),
    "hard": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Hardswish(), nn.Hardsigmoid()), (3, 9, 7), "conv hard_swish hard_sigmoid"),
    "smooth": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Mish(), nn.Softplus(), nn.ELU()), (3, 9, 7), "conv mish softplus elu"),
    "prelu": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.PReLU(8), nn.LeakyReLU(0.2)), (3, 9, 7), "conv prelu leaky_relu"),
    "groupnorm": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(4, 8)), (3, 9, 7), "conv groupnorm"),
    "layernorm": (lambda: nn.Sequential(nn.LayerNorm([3, 9, 7]), nn.Conv2d(3, 8, 3)), (3, 9, 7), "layernorm conv"),
    "lrn": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.LocalResponseNorm(5, k=2.0)), (3, 9, 7), "conv lrn"),
    "transposed": (lambda: nn.Sequential(nn.ConvTranspose2d(3, 8, 3, 2, 1, 1), nn.ConvTranspose2d(8, 4, 4, groups=2)), (3, 9, 7), "transposed transposed"),
    "upsample": (lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.Upsample(scale_factor=2), nn.Upsample(size=(31, 29), mode="bilinear")), (3, 9, 7), "conv upsample upsample"),
    "pixels": (lambda: nn.Sequential(nn.Conv2d(3, 12, 3), nn.PixelShuffle(2), nn.PixelUnshuffle(2)), (3, 8, 10), "conv pixel_shuffle pixel_unshuffle"),
    "pools": (lambda: nn.Sequential(nn.MaxPool2d(3, 2, ceil_mode=True), nn.AvgPool2d(3, 2, 1, ceil_mode=True), nn.MaxPool2d(3, 4, 1, ceil_mode=True)), (3, 23, 21), "maxpool avgpool maxpool"),
    "signal": (lambda: nn.Sequential(nn.Conv1d(3, 8, 3, padding=2, dilation=2), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(40, 2)), (3, 10), "conv maxpool flatten dense"),
    "volume": (lambda: nn.Sequential(nn.Conv3d(3, 8, 3, padding="same"), nn.MaxPool3d(2)), (3, 6, 8, 4), "conv maxpool"),
    "reflect": (lambda: nn.Sequential(nn.ReflectionPad2d(2), nn.Conv2d(3, 8, 3)), (3, 9, 7), "pad conv"),
    "vector": (lambda: nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.BatchNorm1d(20)), (10,), "dense relu batchnorm"),
    "view": (lambda: Of(lambda c, f, x: f(c(x).view(x.shape[0], -1)), nn.Conv2d(3, 8, 3), nn.Linear(280, 4)), (3, 9, 7), "conv flatten dense"),
    "mean": (lambda: Of(lambda c, f, x: f(c(x).mean([2, 3])), nn.Conv2d(3, 8, 3), nn.Linear(8, 4)), (3, 9, 7), "conv mean dense"),
    "gate": (lambda: Of(squeezed_excitation, nn.Conv2d(3, 8, 3), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)), (3, 9, 7), "conv global_avgpool conv relu conv sigmoid multiply"),
    "tied": (lambda: Of(lambda c, x: c(c(x)), nn.Conv2d(3, 3, 3, padding=1)), (3, 9, 7), "conv conv"),
    "positions": (lambda: nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4)), (5, 8), "dense relu dense"),
    "attention": (lambda: Of(attention, nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 6)), (5, 8), "dense dense matmul divide softmax dense matmul"),
    "heads": (heads, (9, 10), "dense matmul softmax matmul dense"),
    "causal": (lambda: heads(causal=True), (70, 10), "dense matmul causal_mask softmax matmul dense"),
    "grouped": (lambda: heads(2), (9, 10), "dense matmul softmax matmul dense"),
    "shared": (lambda: heads(1, causal=True), (9, 10), "dense matmul causal_mask softmax matmul dense"),
    "windows": (lambda: windows(0), (8, 6, 9), "window_partition dense matmul relative_position softmax matmul dense window_merge"),
    "shifted": (lambda: windows(1), (8, 6, 9), "window_partition dense matmul relative_position window_mask softmax matmul dense window_merge"),
    "convnext": (lambda: Of(convnext, nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.LayerNorm(8), nn.Linear(8, 32), nn.Linear(32, 8)), (8, 9, 7), "depthwise layernorm dense gelu dense add"),
    "last": (lambda: Of(lambda g, f, x: f(g(x)[1][-1]), nn.GRU(5, 7, batch_first=True), nn.Linear(7, 3)), (6, 5), "gru dense"),
}  # fmt: skip


def exported(network: Any, shape: tuple[int, ...], path: Path, *, dynamo: bool) -> Any:
    """Export a network in evaluation mode; return what it gives."""
    network.eval()
    x = torch.randn(1, *shape)
    more = {"external_data": False} if dynamo else {}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (x,), str(path), dynamo=dynamo, verbose=False, **more)
        return network(x)


def macs_of(network: Any, shape: tuple[int, ...]) -> int:
    """Let PyTorch count."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.randn(1, *shape))
    total: int = counter.get_total_flops()
    return total // 2


def made(name: str) -> tuple[Any, tuple[int, ...], list[str]]:
    """Make a network whose arrays all differ, so that none is merged or dropped."""
    make, shape, kinds = NETWORKS[name]
    torch.manual_seed(3)
    network = make()
    with torch.no_grad():
        for array in network.parameters():
            array.copy_(torch.rand(array.shape) + 0.5)
    return network, shape, kinds.split()


@pytest.mark.parametrize("dynamo", [True, False])
@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_an_exported_network_has_torchs_layers_parameters_and_macs(
    name: str, dynamo: bool, tmp_path: Path
) -> None:
    network, shape, kinds = made(name)
    path = tmp_path / "net.onnx"
    output = exported(network, shape, path, dynamo=dynamo)
    report = shapecalc.summarize(path)
    assert [row.type for row in report.rows[1:]] == kinds
    assert report.totals.params == sum(array.numel() for array in network.parameters())
    if "gru" not in kinds:  # whose products PyTorch's counter does not see
        assert report.totals.macs == macs_of(network, shape)
    last = report.rows[-1].output
    assert sorted(output.shape[1:]) == sorted((*last.sides, last.channels))
    same_as_package(path)


class Links(nn.Module):
    """A U-Net of one level, whose lower level takes the size of the upper one."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, 2, 1)
        self.back, self.end = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(16, 4, 1)

    def forward(self, x: Any) -> Any:
        upper = F.relu(self.up(x))
        lower = F.interpolate(self.back(self.down(upper)), size=upper.shape[2:])
        return self.end(torch.cat([upper, lower], 1))


class Patches(nn.Module):
    """Attention in heads between patches, as many as there are."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv = nn.Conv2d(3, 32, 8, 8), nn.Linear(32, 96)
        self.out = nn.Linear(32, 32)

    def forward(self, x: Any) -> Any:
        x = self.patch(x).flatten(2).transpose(1, 2)
        n, length, width = x.shape
        q, k, v = self.qkv(x).reshape(n, length, 3, 4, 8).permute(2, 0, 3, 1, 4)
        y = torch.softmax(q @ k.transpose(-2, -1) / 8**0.5, -1) @ v
        return self.out(y.transpose(1, 2).reshape(n, length, width))


@pytest.mark.parametrize("dynamo", [True, False])
@pytest.mark.parametrize("network", [Links, Patches])
def test_open_sides_are_letters_whose_formulas_are_torchs_counts(
    network: Callable[[], Any], dynamo: bool, tmp_path: Path
) -> None:
    net, x, path = network().eval(), torch.randn(1, 3, 64, 96), tmp_path / "net.onnx"
    more: dict[str, Any] = {"dynamic_axes": {"x": {2: "height", 3: "width"}}, "input_names": ["x"]}
    if dynamo:
        open_ = torch.export.Dim.DYNAMIC
        more = {"dynamic_shapes": ({2: open_, 3: open_},), "external_data": False}
    with torch.no_grad():
        torch.onnx.export(net, (x,), str(path), dynamo=dynamo, verbose=False, **more)
    assert "H" in str(shapecalc.summarize(path).totals.macs)
    for height, width in [(64, 96), (72, 40), (81, 57)]:
        given = shapecalc.summarize(path, settings={"H": height, "W": width})
        assert given.totals.macs == macs_of(net, (3, height, width))


def counted_by_use(path: Path) -> int:
    """Count the numbers of the arrays that layers take, in each that takes them."""
    model = onnx.load(str(path))
    sizes = {array.name: prod(array.dims) for array in model.graph.initializer}
    takers = {"Conv": 3, "Gemm": 3, "BatchNormalization": 3}  # statistics are buffers
    return sum(
        sizes[name]
        for node in model.graph.node
        for name in node.input[1 : takers.get(node.op_type, 0)]
    )


@pytest.mark.parametrize("dynamo", [True, False])
@pytest.mark.parametrize(
    "name", ["densenet121", "googlenet", "mobilenet_v2", "resnet50", "shufflenet_v2_x0_5", "vgg16"]
)
def test_torchvisions_networks_have_torchs_macs(name: str, dynamo: bool, tmp_path: Path) -> None:
    """Volumes are held against the file's own while it is read."""
    models = need("torchvision").models
    more = {"init_weights": False} if name == "googlenet" else {}
    network = models.get_model(name, weights=None, **more).eval()
    with torch.no_grad():
        for array in (*network.parameters(), *network.buffers()):
            if array.dim() == 1:
                array.copy_(torch.rand(array.shape) + 0.5)
    path = tmp_path / "net.onnx"
    exported(network, (3, 224, 224), path, dynamo=dynamo)
    report = shapecalc.summarize(path)
    assert report.totals.macs == macs_of(network, (3, 224, 224))
    assert report.totals.params == counted_by_use(path)
    assert not any(row.type == "opaque" for row in report.rows)
    if name != "vgg16":  # of which the package makes 553 MB
        same_as_package(path)


def same_as_package(path: Path) -> None:
    """Compare all that is read of a file with what the `onnx` package reads."""
    model = onnx.load(str(path))
    ours = read_file(Messages(path.read_bytes()))
    assert ours.opset == model.opset_import[0].version
    assert [node.op for node in ours.nodes] == [node.op_type for node in model.graph.node]
    for mine, theirs in zip(ours.nodes, model.graph.node, strict=True):
        assert (mine.name, list(mine.inputs), list(mine.outputs)) == (
            theirs.name, list(theirs.input), list(theirs.output),
        )  # fmt: skip
        for attribute in theirs.attribute:
            value = onnx.helper.get_attribute_value(attribute)
            own = mine.attributes[attribute.name]
            if isinstance(value, onnx.TensorProto):
                same_array(own, value)
            elif isinstance(value, bytes):
                assert own == value.decode()
            elif not isinstance(value, onnx.GraphProto):
                assert own == value
    for array in model.graph.initializer:
        same_array(ours.arrays[array.name], array)
    for values, stated in (
        (model.graph.input, ours.inputs), (model.graph.output, ours.outputs),
        (model.graph.value_info, ours.stated),
    ):  # fmt: skip
        for value in values:
            dims = [dim.dim_value or dim.dim_param for dim in value.type.tensor_type.shape.dim]
            assert list(stated[value.name] or ()) == dims


def same_array(own: Any, array: Any) -> None:
    assert list(own.dims) == list(array.dims)
    values = own.values()
    if values is not None:
        assert list(values) == onnx.numpy_helper.to_array(array).ravel().tolist()


def _with_own_statistics(network: Any) -> Any:
    """Give batch normalisations statistics that all differ, so that none is left out of a sum."""
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            for array in (part.weight, part.bias, part.running_mean, part.running_var):
                nn.init.uniform_(array, 0.5, 1.5)
    return network


def _lenet() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5), nn.Tanh(),
        nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 84), nn.BatchNorm1d(84), nn.Linear(84, 10),
    )  # fmt: skip


def _read_by(kind: Any, **fields: Any) -> Any:
    width = 14 if fields.get("bidirectional") else 7
    return Of(
        lambda r, f, x: f(r(x)[0]), kind(5, 7, batch_first=True, **fields), nn.Linear(width, 3)
    )


def _from_torchvision(name: str) -> Any:
    return _with_own_statistics(getattr(need("torchvision").models, name)())


#: Networks that are run with the numbers of their files, and their inputs' extents.
RUNS: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "lenet": (_lenet, (1, 28, 28)),
    "lstm": (lambda: _read_by(nn.LSTM), (6, 5)),
    "both ways": (lambda: _read_by(nn.LSTM, bidirectional=True), (6, 5)),
    "gru": (lambda: _read_by(nn.GRU), (6, 5)),
    "resnet18": (lambda: _from_torchvision("resnet18"), (3, 64, 64)),
    "mobilenet_v2": (lambda: _from_torchvision("mobilenet_v2"), (3, 64, 64)),
    **{name: NETWORKS[name][:2] for name in ("attention", "heads", "causal", "grouped", "shared", "convnext", "groupnorm", "layernorm", "prelu", "transposed", "gate", "tied", "volume", "lrn")},
}  # fmt: skip


@pytest.mark.parametrize("dynamo", [True, False])
@pytest.mark.parametrize("name", sorted(RUNS))
def test_the_files_weights_give_onnx_runtimes_numbers(
    name: str, dynamo: bool, tmp_path: Path
) -> None:
    need("onnxruntime")
    torch.manual_seed(5)
    make, shape = RUNS[name]
    path = tmp_path / "net.onnx"
    exported(make(), shape, path, dynamo=dynamo)
    verdict = shapecalc.verify(path)
    assert verdict.weights == "the weights of net.onnx"
    assert verdict.disagreements == []
    assert verdict.runtime is not None
    assert verdict.runtime.outcome == "", verdict.runtime


def test_other_weights_do_not_give_onnx_runtimes_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shapecalc.readers.onnx import dense

    need("onnxruntime")
    network = nn.Sequential(nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 3))
    path = tmp_path / "net.onnx"
    exported(network, (5,), path, dynamo=False)
    assert shapecalc.verify(path).disagreements == []
    linear = dense.linear

    def mirrored(
        walk: Any, node: Any, value: Any, units: int, axis: int, arrays: Any, **more: Any
    ) -> Any:
        if units == 5:
            arrays = [dense.turned(arrays[0]), *arrays[1:]]
        return linear(walk, node, value, units, axis, arrays, **more)

    monkeypatch.setattr(dense, "linear", mirrored)
    (sentence,) = shapecalc.verify(path).disagreements
    assert "float32 explains" in sentence
