"""Modules of PyTorch and torchvision whose operations together are one layer of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.readers.onnx.rules import one_if_alike
from shapecalc.readers.pt2.rules import side_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shapecalc.readers.pt2.operation import AtenOperation, Reference
    from shapecalc.readers.pt2.program import AtenProgram


class CalledModule(NamedTuple):
    """A call of a module: its operations in order, what flows in, its parameters by their names.

    `whole` stands for all of them: it has the last one's results, and the module's path.
    """

    program: AtenProgram
    whole: AtenOperation
    operations: list[AtenOperation]
    flows: list[Reference]
    parameters: dict[str, Reference]

    def become(self, kind: str, fields: dict[str, Any]) -> bool:
        """Put one layer in the place of all operations."""
        inputs = [self.flows[0], *self.parameters.values()]
        output = self.whole.outputs[0]
        self.program.emit("Module", inputs, output, self.whole, kind=kind, fields=fields)
        return True


_SWIN = "torchvision.models.swin_transformer.ShiftedWindowAttention"


def _shifted_windows(module: CalledModule) -> bool:
    """Write torchvision's attention in windows."""
    program, _, operations, flows, parameters = module
    table = program.dims.get(parameters.get("relative_position_bias_table", ""), ())
    if len(flows) != 1 or len(table) != 2:
        return False
    fields: dict[str, Any] = {"heads": table[1], "window": side_of(table)}
    fields.update(_shift_of(operations))
    fields.update(_biases(parameters, "qkv.bias", "proj.bias"))
    fields["relative_position"] = True
    return module.become("attention", fields)


def _shift_of(operations: list[AtenOperation]) -> dict[str, Any]:
    """Return by how much windows are moved back, if they are."""
    rolls = [operation.get("shifts", []) for operation in operations if operation.target == "roll"]
    steps = [abs(step) for step in rolls[0]] if rolls else []
    return {"shift": one_if_alike(steps)} if any(steps) else {}


def _biases(parameters: Collection[str], first: str, last: str) -> dict[str, Any]:
    """Return which dense layers of an attention have a bias."""
    there = (first in parameters, last in parameters)
    words = {(True, True): None, (False, False): False, (True, False): "qkv", (False, True): "out"}
    return {} if words[there] is None else {"bias": words[there]}


def _multihead(module: CalledModule) -> bool:
    """Write PyTorch's attention in heads of one sequence."""
    program, _, operations, flows, parameters = module
    matrix = program.dims.get(parameters.get("in_proj_weight", ""), ())
    products = [op for op in operations if op.target == "scaled_dot_product_attention"]
    if len(flows) != 1 or len(matrix) != 2 or len(products) != 1 or "bias_k" in parameters:
        return False
    query = products[0].get("query")
    x, rank = flows[0], program.rank(flows[0])
    if program.rank(query) != 4 or rank != 3 or matrix[0] != 3 * program.dims[x][-1]:
        return False
    if products[0].get("attn_mask") is not None:
        return False
    fields: dict[str, Any] = {"heads": program.dims[query][1]}
    fields.update(_biases(parameters, "in_proj_bias", "out_proj.bias"))
    if products[0].get("is_causal", default=False):
        fields["causal"] = True
    return module.become("attention", fields)


def _cosine_windows(module: CalledModule) -> bool:
    """Write torchvision's attention in windows by the cosine, whose biases a network computes."""
    program, whole, operations, flows, parameters = module
    small = [program.dims.get(parameters.get(f"cpb_mlp.{at}.weight", ""), ()) for at in (0, 2)]
    lengths = [
        program.dims[name]
        for operation in operations
        for name in operation.references()
        if not program.flows(name) and len(program.dims[name]) == 4 and program.dims[name][-1] == 2
    ]
    if len(flows) != 1 or [len(dims) for dims in small] != [2, 2] or not lengths:
        return False
    side = (lengths[0][1] + 1) // 2
    if min(side, *small[0], *small[1]) < 1:
        return False
    program.emit(
        *("CosineWindows", [flows[0]], whole.outputs[0], whole),
        side=side,
        heads=small[1][0],
        hidden=small[0][0],
        shift=_shift_of(operations),
    )
    return True


MODULES: dict[str, Callable[[CalledModule], bool]] = {
    _SWIN: _shifted_windows,
    f"{_SWIN}V2": _cosine_windows,
    "torch.nn.modules.activation.MultiheadAttention": _multihead,
}
