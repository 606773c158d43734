"""PyTorch's attention as judge: its values, its parameters, and its counter's products, halved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from judge import need

from shapecalc import loads, summarize
from shapecalc.reference import run

if TYPE_CHECKING:
    import torch
    from torch.utils.flop_counter import FlopCounterMode
else:
    torch = need("torch")
    FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

#: A batch that no other extent is.
BATCH = 2


def network(text: str) -> Any:
    return summarize(loads(f"name: net\n{text}"))


def numbers(array: Any) -> Any:
    return array.detach().numpy().astype(np.float64)


def counted(module: Any, *shapes: tuple[int, ...], **options: Any) -> int:
    """Return the multiply-accumulates of one example on the meta device."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        module(*(torch.empty(BATCH, *shape) for shape in shapes), **options)
    macs, rest = divmod(counter.get_total_flops(), 2 * BATCH)
    assert not rest
    return int(macs)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_self_attention_is_multi_head_attention(causal: bool, bias: bool) -> None:
    text = f"input: 7x12\nlayers: [{{attention: {{heads: 3, bias: {str(bias).lower()}"
    net = network(f"{text}, causal: {str(causal).lower()}}}}}]")
    judge = torch.nn.MultiheadAttention(12, 3, bias=bias, batch_first=True).double()
    assert net.totals.params == sum(array.numel() for array in judge.parameters())
    weights = {
        "attention1/qkv.weight": judge.in_proj_weight,
        "attention1/out.weight": judge.out_proj.weight,
    }
    if bias:
        torch.nn.init.uniform_(judge.in_proj_bias)
        torch.nn.init.uniform_(judge.out_proj.bias)
        weights |= {
            "attention1/qkv.bias": judge.in_proj_bias,
            "attention1/out.bias": judge.out_proj.bias,
        }
    x = torch.rand(BATCH, 7, 12, dtype=torch.float64)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(7, dtype=torch.float64)
    theirs, _ = judge(x, x, x, attn_mask=mask if causal else None)
    ours = run(
        net,
        {"input": numbers(x).swapaxes(1, 2)},
        {name: numbers(array) for name, array in weights.items()},
        dtype=np.float64,
    )
    (output,) = ours.outputs.values()
    np.testing.assert_allclose(output.swapaxes(1, 2), numbers(theirs), rtol=1e-9, atol=1e-12)


def test_cross_attention_is_multi_head_attention() -> None:
    net = network(
        "inputs: {x: 7x12, memory: 5x8, other: 5x10}\n"
        "layers: [{attention: {heads: 3, from: [x, memory, other]}}]"
    )
    judge = torch.nn.MultiheadAttention(12, 3, batch_first=True, kdim=8, vdim=10).double()
    assert net.totals.params == sum(array.numel() for array in judge.parameters())
    torch.nn.init.uniform_(judge.in_proj_bias)
    names = ("query", "key", "value")
    biases = judge.in_proj_bias.chunk(3)
    matrices = (judge.q_proj_weight, judge.k_proj_weight, judge.v_proj_weight)
    weights = {
        f"attention1/{name}.{kind}": numbers(array)
        for kind, arrays in (("weight", matrices), ("bias", biases))
        for name, array in zip(names, arrays, strict=True)
    }
    weights |= {
        f"attention1/out.{kind}": numbers(getattr(judge.out_proj, kind))
        for kind in ("weight", "bias")
    }
    sizes = {"x": (7, 12), "memory": (5, 8), "other": (5, 10)}
    xs = {name: torch.rand(BATCH, *size, dtype=torch.float64) for name, size in sizes.items()}
    theirs, _ = judge(*xs.values())
    inputs = {name: numbers(x).swapaxes(1, 2) for name, x in xs.items()}
    (output,) = run(net, inputs, weights, dtype=np.float64).outputs.values()
    np.testing.assert_allclose(output.swapaxes(1, 2), numbers(theirs), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
def test_grouped_query_attention_is_pytorch_s(causal: bool) -> None:
    """Values and products of scaled_dot_product_attention with enable_gqa."""
    net = network(
        f"input: 7x12\nlayers: [{{attention: {{heads: 4, groups: 2, out: false, key: 3,"
        f" causal: {str(causal).lower()}}}}}]"
    )
    qkv = torch.nn.Linear(12, 24).double()
    weights = {f"attention1/qkv.{kind}": numbers(getattr(qkv, kind)) for kind in ("weight", "bias")}
    x = torch.rand(BATCH, 7, 12, dtype=torch.float64)
    q, k, v = (part.unflatten(-1, (-1, 3)).transpose(1, 2) for part in qkv(x).split((12, 6, 6), -1))
    theirs = torch.nn.functional.scaled_dot_product_attention(
        q, k, v, is_causal=causal, enable_gqa=True
    )
    inputs = {"input": numbers(x).swapaxes(1, 2)}
    (output,) = run(net, inputs, weights, dtype=np.float64).outputs.values()
    right = numbers(theirs.transpose(1, 2).flatten(2))
    np.testing.assert_allclose(output.swapaxes(1, 2), right, rtol=1e-9, atol=1e-12)


class Normalised(torch.nn.Module):
    """Self-attention whose queries and keys are normalised head by head, as timm and Qwen3 do."""

    def __init__(self, norm: Any, heads: int, groups: int, size: int) -> None:
        super().__init__()
        self.query = torch.nn.Linear(12, heads * size)
        self.key, self.value = (torch.nn.Linear(12, groups * size) for _ in range(2))
        self.query_norm, self.key_norm = norm(size, eps=1e-5), norm(size, eps=1e-5)
        self.out, self.size = torch.nn.Linear(heads * size, 12), size

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (-1, self.size)) for layer in (self.query, self.key, self.value)
        )
        parts = (part.transpose(1, 2) for part in (self.query_norm(q), self.key_norm(k), v))
        y = torch.nn.functional.scaled_dot_product_attention(*parts, enable_gqa=True)
        result: torch.Tensor = self.out(y.transpose(1, 2).flatten(2))
        return result


@pytest.mark.parametrize("norm", ["LayerNorm", "RMSNorm"])
@pytest.mark.parametrize(("heads", "groups", "size"), [(4, 4, 3), (4, 2, 3), (6, 1, 5)])
def test_normalised_queries_and_keys_are_pytorch_s(
    norm: str, heads: int, groups: int, size: int
) -> None:
    net = network(
        f"input: 7x12\nlayers: [{{attention: {{heads: {heads}, groups: {groups}, key: {size},"
        f" qk_norm: {norm.lower()}}}}}]"
    )
    judge = Normalised(getattr(torch.nn, norm), heads, groups, size).double()
    for array in judge.parameters():
        torch.nn.init.uniform_(array)
    assert net.totals.params == sum(array.numel() for array in judge.parameters())
    weights = {f"attention1/{name}": numbers(array) for name, array in judge.named_parameters()}
    x = torch.rand(BATCH, 7, 12, dtype=torch.float64)
    inputs = {"input": numbers(x).swapaxes(1, 2)}
    (output,) = run(net, inputs, weights, dtype=np.float64).outputs.values()
    np.testing.assert_allclose(output.swapaxes(1, 2), numbers(judge(x)), rtol=1e-9, atol=1e-12)
    if groups == heads:
        assert net.totals.macs == counted(judge.to("meta").float(), (7, 12))


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize("sides", [(10, 9), (14, 21), (7, 7), (7, 15)])
def test_windows_are_swin_s(sides: tuple[int, int], shift: int) -> None:
    """Padding, shift, mask and table; what the mask hides Swin gives -100, which weighs e-100."""
    swin = need("torchvision.models.swin_transformer")
    net = network(
        f"input: [{sides[0]}, {sides[1]}, 12]\nlayers: [{{attention: {{heads: 3, window: 7,"
        f" shift: {shift}, relative_position: true}}}}]"
    )
    judge = swin.ShiftedWindowAttention(12, [7, 7], [shift, shift], 3).double()
    torch.nn.init.uniform_(judge.relative_position_bias_table)
    assert net.totals.params == sum(array.numel() for array in judge.parameters())
    weights = {
        "attention1/position.table": judge.relative_position_bias_table,
        **{f"attention1/qkv.{kind}": getattr(judge.qkv, kind) for kind in ("weight", "bias")},
        **{f"attention1/out.{kind}": getattr(judge.proj, kind) for kind in ("weight", "bias")},
    }
    x = torch.rand(BATCH, *sides, 12, dtype=torch.float64)
    theirs = judge(x)
    ours = run(
        net,
        {"input": numbers(x).transpose(0, 3, 1, 2)},
        {name: numbers(array) for name, array in weights.items()},
        dtype=np.float64,
    )
    (output,) = ours.outputs.values()
    right = numbers(theirs).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(output, right, rtol=1e-9, atol=1e-12)
    assert net.totals.macs == counted(judge.to("meta"), (*sides, 12))


def test_a_grid_is_maxvit_s() -> None:
    """MaxViT cuts into windows of n/grid places and exchanges the axes."""
    maxvit = need("torchvision.models.maxvit")
    x = torch.rand(BATCH, 5, 6, 6)
    theirs = maxvit.SwapAxes(-2, -3)(maxvit.WindowPartition()(x, 2))
    net = network("input: 6x6x5\nlayers: [{window_partition: {size: 3, grid: true}}]")
    (output,) = run(net, {"input": x.numpy()}).outputs.values()
    np.testing.assert_array_equal(np.moveaxis(output, 1, -1), theirs.numpy())


def test_the_counter_counts_what_the_mask_hides_and_both_products() -> None:
    """One attention of ViT-B/16; on the meta device, as the CPU's fused kernel counts nothing."""
    net = network("input: 197x768\nlayers: [attention: 12]")
    judge = torch.nn.MultiheadAttention(768, 12, batch_first=True, device="meta")
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        x = torch.empty(1, 197, 768)
        judge(x, x, x, need_weights=False)
    assert counter.get_total_flops() == 2 * net.totals.macs
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        q = torch.empty(1, 12, 197, 64)
        torch.nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True)
    products = sum(row.macs for row in net.layers if row.type == "matmul")
    assert counter.get_total_flops() == 2 * products
