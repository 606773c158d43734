"""Faults in `readers/pt2`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("`same` pads more at the start in PyTorch", "pads = [n // 2 for n in total] + [n - n // 2 for n in total]", "pads = [n - n // 2 for n in total] + [n // 2 for n in total]"),
    Planted("PyTorch's groups are ignored", 'attributes["group"] = get("groups", 1)', 'attributes["group"] = 1'),
    Planted("PyTorch's pools round down", '"ceil_mode": int(get("ceil_mode", default=False))', '"ceil_mode": 0'),
    Planted("PyTorch's pools stride by one", 'stride = get("stride") or kernel', 'stride = get("stride") or 1'),
    Planted("PyTorch's means leave the padding out by default", 'get("count_include_pad", default=True)', 'get("count_include_pad", default=False)'),
    Planted("PyTorch's first padding is of the first side", "for at in range(0, len(pads), 2)][::-1]", "for at in range(0, len(pads), 2)]"),
    Planted("the ends of sides are padded side by side", "spread = [before for before, _ in pairs] + [after for _, after in pairs]", "spread = [end for pair in pairs for end in pair]"),
    Planted("a roll takes height for width", "steps = [shifts.get(place, 0) for place in range(last)]", "steps = [shifts.get(place, 0) for place in range(last)][::-1]"),
    Planted("PyTorch's leaky ReLU has Keras' slope", 'slope=("negative_slope", 0.01)', 'slope=("negative_slope", 0.3)'),
    Planted("PyTorch's dense layers have no bias", 'program.emit("Linear", [x, weight, bias], operation', 'program.emit("Linear", [x, weight], operation'),
    Planted("a shared matrix has its first owner's bias", "if array is not None and array.origin in program.shared and bias is not None:", "if False:"),
    Planted("addmm turns its matrix", "operation.outputs[0], operation, turned=True)\n\n\ndef _matmul", "operation.outputs[0], operation)\n\n\ndef _matmul"),
    Planted("a bound below is a bound above", '("Max", low) if high is None', '("Min", low) if high is None'),
    Planted("a normalisation without arrays is trained", 'if not walk.has(node, 1):\n        fields["affine"] = False\n    if not walk.has(node, 3)', 'if False:\n        fields["affine"] = False\n    if not walk.has(node, 3)'),
    Planted("PyTorch's gates have one bias", 'biases=2 if get("has_biases", default=True) else 0', 'biases=1 if get("has_biases", default=True) else 0'),
    Planted("layers of a recurrent layer are one", 'layers=get("num_layers", 1)', "layers=1"),
    Planted("what is changed in place is read as it was", "if in_place and references and references[0] != outputs[0]:", "if False:"),
    Planted("rsub is sub", 'inputs = [program.number(number) if is_number(number) else number, operation.get("self")]', 'inputs = [operation.get("self"), program.number(number) if is_number(number) else number]'),
    Planted("what is added is not multiplied by alpha", "program.number(second * alpha)", "program.number(second)"),
    Planted("scores are divided by the depth, not by its root", 'scale = get("scale") or 1 / math.sqrt(max(depth, 1))', 'scale = get("scale") or 1 / max(depth, 1)'),
    Planted("attention has as many heads as positions", 'fields: dict[str, Any] = {"heads": program.dims[query][1]}', 'fields: dict[str, Any] = {"heads": program.dims[query][2]}'),
    Planted("a transposed convolution of PyTorch is a convolution", "if transposed:\n        attributes", "transposed = False\n    if transposed:\n        attributes"),
    Planted("the first layer's states are the last's", "first, last = (layers - 1) * directions, layers * directions", "first, last = 0, directions"),
    Planted("what moves goes where it came from", "to = dict(zip(places, sources, strict=True))", "to = dict(zip(sources, places, strict=True))"),
    Planted("a fixed kernel is not told", "        if beyond:\n            self.kernels.add(name)", "        if False:\n            self.kernels.add(name)"),
]  # fmt: skip
