"""Run the PyTorch twin of a network, and list where a report differs from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import twin_others
import twin_windows
from judge import AnyLayer, need
from twin import Do, tied, twin

from shapecalc.graph import Input

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from torch import Tensor, nn
    from torch.utils.flop_counter import FlopCounterMode

    from shapecalc.graph import Node
    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report
else:
    torch = need("torch")
    FlopCounterMode = need("torch.utils.flop_counter").FlopCounterMode

assert twin_others  # the two register their twins
assert twin_windows

#: Batches of two: unlike 1 it cannot hide in a product, and batch normalisation needs it.
BATCH = 2


class Ran(NamedTuple):
    """What a layer's twin owned and gave: everything without the batch, channels first."""

    arrays: Mapping[str, tuple[str, tuple[int, ...]]]
    output: tuple[int, ...]
    macs: int


def run(
    nodes: Sequence[tuple[AnyLayer, Node]],
    build: Callable[..., nn.Module] = twin,
    device: str = "meta",
) -> tuple[list[Ran], int]:
    """Build and run the twin of a network; return what its layers did, and its parameters."""
    outputs: list[Tensor] = []
    modules: list[nn.Module] = []
    ran = []
    with torch.device(device), torch.no_grad():
        for layer, node in nodes:
            inputs = [outputs[index] for index in node.inputs]
            if isinstance(layer, Input):
                module: nn.Module = Do(
                    lambda shape=layer.shape: torch.rand(BATCH, *as_torch(shape))
                )
            elif node.share is None:
                module = build(layer, *inputs)
            elif layer.type == nodes[node.share][0].type:
                module = modules[node.share]
            else:
                module = tied(build(layer, *inputs), modules[node.share])
            # what a library computes in one piece, an LSTM, the counter does not see into
            with (
                torch.backends.mkldnn.flags(enabled=False),
                FlopCounterMode(display=False) as counter,
            ):
                output = module(*inputs)
            if 0 in output.shape:
                raise ValueError("nothing is left")
            modules.append(module)
            outputs.append(output)
            macs, rest = divmod(counter.get_total_flops(), 2 * BATCH)
            assert not rest
            ran.append(Ran(arrays(module), tuple(output.shape[1:]), macs))
    distinct = {id(array): array for module in modules for array in module.parameters()}
    return ran, sum(array.numel() for array in distinct.values())


def as_torch(shape: Shape) -> tuple[int, ...]:
    """Order a shape's extents as PyTorch does."""
    return (shape.channels, *shape.sides)


def arrays(module: nn.Module) -> dict[str, tuple[str, tuple[int, ...]]]:
    """List a twin's arrays: name -> (role, shape)."""
    found = {}
    for name, array in module.named_parameters():
        last = name.rsplit(".", 1)[-1]
        role = "weight" if last == "table" else last
        role = role.partition("_")[0] if role.startswith(("weight_", "bias_")) else role
        found["bias" if last == "bias" else name] = (role, tuple(array.shape))
    for name, array in module.named_buffers():
        if name != "num_batches_tracked":
            found[name] = ("buffer", tuple(array.shape))
    return found


def differences(
    report: Report, build: Callable[..., nn.Module] = twin, device: str = "meta"
) -> list[str]:
    """List where a report and the twin of its network disagree."""
    wired = [(row.layer, node) for row, node in zip(report.rows, report.graph.nodes, strict=True)]
    ran, params = run(wired, build, device)
    found = []
    for row, theirs in zip(report.rows, ran, strict=True):
        owned = {each.name: (each.role, each.shape) for each in row.parameters}
        ours = Ran(owned, as_torch(row.output), row.macs)
        for what, mine, other in zip(Ran._fields, ours, theirs, strict=True):
            if mine != other:
                found.append(f"{row.name} {what}: ours {mine}, PyTorch's {other}")
    for what, mine, other in (
        ("params", report.totals.params, params),
        ("macs", report.totals.macs, sum(each.macs for each in ran)),
    ):
        if mine != other:
            found.append(f"total {what}: ours {mine}, PyTorch's {other}")
    return found
