"""Faults in `readers/tflite`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("TensorFlow Lite's SAME is VALID", 'if steps.option("Padding") == _SAME else "VALID"', 'if steps.option("Padding") != _SAME else "VALID"'),
    Planted("a kernel of fewer channels is no group", "groups = max(1, steps.dims(x)[-1] // max(1, steps.dims(kernel)[1]))", "groups = 1"),
    Planted("a kernel's rows are its filters", ".get(op, [0, 3, 1, 2])", ".get(op, [1, 3, 0, 2])"),
    Planted("an operator's own activation is left out", "if not number:\n        return value\n    if number not in _ACTIVATIONS", "if True:\n        return value\n    if number not in _ACTIVATIONS"),
    Planted("what a transposed convolution shall give is not asked", "if asked is not None:", "if False:"),
    Planted("a pool's sides change places", '[steps.option("FilterHeight"), steps.option("FilterWidth")]', '[steps.option("FilterWidth"), steps.option("FilterHeight")]'),
    Planted("a dense layer keeps the axes that it flattens", 'if not steps.option("KeepNumDims") and', 'if steps.option("KeepNumDims") and'),
    Planted("the second of two matrices is never turned", '("AdjX", "AdjY")', '("AdjX", "AdjX")'),
    Planted("alpha of a response norm is of the mean", '"alpha": alpha * size', '"alpha": alpha'),
    Planted("a reduction always keeps its axes", 'keepdims=int(steps.option("KeepDims"))', "keepdims=1"),
    Planted("an ending mask is a beginning mask", 'steps.option("EndMask") & bit', 'steps.option("BeginMask") & bit'),
    Planted("sizes of a slice are ends", "n if size < 0 else begin + size", "n if size < 0 else size"),
    Planted("the ends of sides are padded by the starts", "pads=[*pads[::2], *pads[1::2]]", "pads=[*pads[::2], *pads[::2]]"),
    Planted("a dilated convolution is none", '"dilations": block, "pads": pads', '"dilations": [1, 1], "pads": pads'),
    Planted("what a quantised tensor holds is not scaled", "scales[0] * (n - zeros[0])", "scales[0] * n"),
    Planted("an open batch is as large as an example", "None if open_ < 0 else n for n", "n for n"),
    Planted("Keras' second names keep their numbers", "self.again = bool(layers) and all(map(_AGAIN.search, layers))", "self.again = False"),
]  # fmt: skip
