"""PyTorch as judge of training: what autograd really multiplies, and what optimizers keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import AnyLayer, need
from natural import Net

from shapecalc import loads, summarize
from shapecalc.analysis.training import OPTIMIZERS, training_cost
from tests.paths import NETWORKS, SPECS

if TYPE_CHECKING:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from shapecalc.report import Report
else:
    torch = need("torch")
    FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

NAMES = sorted(path.stem for path in SPECS.glob("*.yaml"))

#: Specs whose twins multiply otherwise than their layers: each map of C3 by itself, and codes.
WITHOUT = {"lenet5-1998"}


class Split(torch.nn.Module):
    """A convolution in groups as so many convolutions: the same sums, each counted by itself.

    The counter multiplies the gradient of grouped weights by the groups (torch 2.13.0).
    """

    def __init__(self, grouped: AnyLayer) -> None:
        super().__init__()
        groups, kind = grouped.groups, type(grouped)
        made = [
            kind(
                grouped.in_channels // groups,
                grouped.out_channels // groups,
                grouped.kernel_size,
                grouped.stride,
                grouped.padding,
                dilation=grouped.dilation,
                bias=grouped.bias is not None,
            )
            for _ in range(groups)
        ]
        self.parts = torch.nn.ModuleList(made)
        # what lays a frame around its input is asked before it
        self._forward_pre_hooks = grouped._forward_pre_hooks
        self._forward_pre_hooks_with_kwargs = grouped._forward_pre_hooks_with_kwargs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pieces = x.chunk(len(self.parts), 1)
        return torch.cat([part(piece) for part, piece in zip(self.parts, pieces, strict=True)], 1)


def ungrouped(module: torch.nn.Module) -> None:
    """Put separate convolutions in the place of those in groups."""
    for name, child in list(module.named_children()):
        if getattr(child, "groups", 1) > 1 and hasattr(child, "in_channels"):
            setattr(module, name, Split(child).to("meta"))
        else:
            ungrouped(child)


def multiplied(report: Report) -> tuple[int, int]:
    """Return the multiply-accumulates of PyTorch's forward and backward pass."""
    net = Net(report)
    ungrouped(net)
    for node, place in zip(report.graph.nodes, net.places, strict=True):
        if place is not None and not node.trained:
            net.layers[place].requires_grad_(requires_grad=False)
    counts = []
    with FlopCounterMode(display=False) as forward:
        results = net(*net.inputs)
        counts.append(forward.get_total_flops())
    results = results if isinstance(results, tuple) else (results,)
    with FlopCounterMode(display=False) as backward:
        sum(each.sum() for each in results).backward()
        counts.append(backward.get_total_flops())
    assert not any(count % 2 for count in counts)
    return counts[0] // 2, counts[1] // 2


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT])
def test_a_step_is_what_autograd_multiplies(name: str) -> None:
    report = summarize(name)
    total = training_cost(report).total
    assert (total.forward, total.backward) == multiplied(report)


LAYERS = [
    "separable: {filters: 8, kernel: 3, multiplier: 2}",
    "depthwise: {kernel: 3, multiplier: 2}",
    "transposed: {filters: 9, kernel: 4, stride: 2, pad: 1}",
    "conv: {filters: 8, kernel: [3, 5], stride: 2, groups: 2}",
    "dense: 7",
]


@pytest.mark.parametrize("first", LAYERS)
@pytest.mark.parametrize("before", ["", "relu, ", "batchnorm, "])
def test_the_first_layers_need_no_gradient_of_their_input(before: str, first: str) -> None:
    text = f"input: 12x10x6\nlayers: [{before}{first}, relu, dense: 3]"
    report = summarize(loads(text))
    total = training_cost(report).total
    assert (total.forward, total.backward) == multiplied(report)


def test_branches_and_shared_weights() -> None:
    text = "input: 12x10x6\nlayers: [concat: {a: [conv1-4, conv3-5], b: [maxpool: {kernel: 3, stride: 1, pad: 1}, conv1-7]}, conv3-2]"
    for report in (summarize(loads(text)), summarize(NETWORKS / "siamese.yaml")):
        total = training_cost(report).total
        assert (total.forward, total.backward) == multiplied(report)


def test_both_factors_of_a_product_need_their_gradient() -> None:
    text = """
input: 9x8
layers:
- attention: {heads: 2, groups: 1}
- conv1-6: {name: c}
- matmul: {from: [c, c], transpose: second, first: [0, 2], second: [2, 4]}
"""
    report = summarize(loads(text))
    total = training_cost(report).total
    assert (total.forward, total.backward) == multiplied(report)


FREEZING = [
    "extends: vgg16\nchange: {conv1_1: {trainable: false}, conv1_2: {trainable: false}}",
    "extends: vgg16\ndefaults: {conv: {trainable: false}}",
    "extends: vgg16\nchange: {conv3_2: {trainable: false}, fc7: {trainable: false}}",
    "extends: resnet18\ndefaults: {batchnorm: {trainable: false}}\n"
    "change: {conv1: {trainable: false}, conv2_x: {trainable: false}}",
    "extends: googlenet\nchange: {inception_3a: {trainable: false}, conv1: {trainable: false}}",
    "input: 12x10x6\nlayers: [separable: {filters: 8, kernel: 3, trainable: false}, dense: 3]",
    "input: 12x10x6\nlayers: [conv3-6: {name: a, trainable: false}, conv3-6: {share: a},"
    " conv3-6, conv3-6: {share: a}, dense: 3]",
    "input: 12x10x6\nlayers: [concat: {a: [conv1-4: {trainable: false}], b: [conv1-7]},"
    " transposed: {filters: 2, kernel: 3, trainable: false}]",
]


@pytest.mark.parametrize("text", FREEZING)
def test_what_is_frozen_goes_without_as_autograd_leaves_it_out(text: str) -> None:
    report = summarize(loads(text))
    assert report.totals.frozen
    total = training_cost(report).total
    assert (total.forward, total.backward) == multiplied(report)


def test_the_counter_is_wrong_about_groups() -> None:
    report = summarize(loads("input: 12x10x6\nlayers: [conv: {filters: 4, kernel: 3, groups: 2}]"))
    net = Net(report)
    result = net(*net.inputs)
    with FlopCounterMode(display=False) as counter:
        result.sum().backward()
    macs = report.totals.macs
    assert counter.get_total_flops() == 2 * 2 * macs  # a gradient of the weights alone is 2 * macs
    assert training_cost(report).total.backward == macs == multiplied(report)[1]


def test_a_flat_factor_of_3_is_caught() -> None:
    report = summarize("alexnet")
    forward, backward = multiplied(report)
    assert forward + backward != 3 * report.totals.macs


MADE = {
    "sgd": lambda arrays: torch.optim.SGD(arrays, 0.1),
    "momentum": lambda arrays: torch.optim.SGD(arrays, 0.1, momentum=0.9),
    "adam": lambda arrays: torch.optim.Adam(arrays, 0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_keeps_as_many_numbers(name: str) -> None:
    report = summarize("lenet5")
    arrays = [
        torch.nn.Parameter(torch.ones(each.shape)) for row in report.rows for each in row.parameters
    ]
    made = MADE[name](arrays)
    sum(array.sum() for array in arrays).backward()
    made.step()
    state = [each for kept in made.state.values() for each in kept.values() if each is not None]
    kept = sum(each.numel() for each in state if each.ndim)
    assert kept == OPTIMIZERS[name].kept * report.totals.params
