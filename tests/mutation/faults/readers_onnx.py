"""Faults in `readers/onnx`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("ONNX pads side by side", "self.pairs = list(zip(pads[:rank], pads[rank:], strict=True))", "self.pairs = list(zip(pads[::2], pads[1::2], strict=True))"),
    Planted("ONNX pools round down", 'rounding = "ceil" if self.ceil else "floor"', 'rounding = "floor"'),
    Planted("an ONNX pool that rounds up is written as one that rounds down", 'if moves.ceil:\n        fields["rounding"]', 'if False:\n        fields["rounding"]'),
    Planted("ONNX convolutions are written without groups", 'fields = {"filters": filters, **fields, **({"groups": groups} if groups > 1 else {})}', 'fields = {"filters": filters, **fields}'),
    Planted("SAME_LOWER pads more at the end", "return total - total // 2, total // 2", "return total // 2, total - total // 2"),
    Planted("ONNX means count the padding by default", 'and not node.attributes.get("count_include_pad", 0)', 'and node.attributes.get("count_include_pad", 0)'),
    Planted("Gemm's matrix is never turned", 'matrix.dims[0 if node.attributes.get("transB", 0) else 1]', "matrix.dims[1]"),
    Planted("a depthwise convolution has as many filters as channels", '{"multiplier": filters // channels} if filters != channels else {}', "{}"),
    Planted("a transposed convolution has the filters of one group", 'fields = {"filters": depth * groups, **moves', 'fields = {"filters": depth, **moves'),
    Planted("ONNX's output padding is not written", "if any(extra):\n        fields", "if False:\n        fields"),
    Planted("ONNX's layers in two directions have one", "if directions == 2:\n        fields", "if False:\n        fields"),
    Planted("ONNX's recurrent layers all have biases", 'if not walk.has(node, 3):\n        fields["biases"]', 'if False:\n        fields["biases"]'),
    Planted("ONNX's convolutions all have biases", "if not walk.has(node, number):", "if False:"),
    Planted("Pad's ends stand side by side", "(int(pads[i]), int(pads[i + len(axes)]))", "(int(pads[2 * i]), int(pads[2 * i + 1]))"),
    Planted("kernels that layers share are counted twice", "if owner is not None and owner[1:] in alike:", "if False:"),
    Planted("layers of one kernel share whatever else they have", "if owner is not None and owner[1:] in alike:", "if owner is not None:"),
    Planted("ONNX's size of a window to normalise over is its k", '"k": decimal(attributes.get("bias", 1.0))', '"k": decimal(attributes.get("size", 1.0))'),
    Planted("every part of a Split is the first", "(start, start + int(size), 1)", "(0, int(size), 1)"),
    Planted("axes from the end are axes from the start", "axes = [axis + rank if axis < 0 else axis for axis in values]", "axes = [abs(axis) for axis in values]"),
    Planted("a constant's difference is turned around", '{"left" if first else "right": decimal(number)}', '{"right": decimal(number)}'),
    Planted("ONNX's Mean is a sum", 'if node.op == "Mean":\n        scaled', "if False:\n        scaled"),
]  # fmt: skip
