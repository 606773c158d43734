"""Faults in `writers`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("F.pad has the first side first", "return tuple(end for pair in reversed(pairs) for end in pair)", "return tuple(end for pair in pairs for end in pair)"),
    Planted("a program leaves out that a convolution has no bias", 'arguments["bias"] = SlotCode(bool(bias), "bias", usual=True)', 'arguments["bias"] = None'),
    Planted("a program's pools round down", '"ceil_mode": SlotCode(ceil, "ceil_mode", usual=False)', '"ceil_mode": None'),
    Planted("a program's means count the padding", 'counts = (no_padding and layer.pad.mode != "same") or layer.count_include_pad', "counts = True"),
    Planted("a program's convolutions have no groups", '"groups": SlotCode(groups, "groups", 1),', '"groups": None,'),
    Planted("a program's convolutions have no dilation", '"stride": SlotCode(alike_as_one(site.spread(layer.stride)), "stride", 1),\n        "dilation": SlotCode(alike_as_one(site.spread(layer.dilation)), "dilation", 1),', '"stride": SlotCode(alike_as_one(site.spread(layer.stride)), "stride", 1),'),
    Planted("a program's convolutions are not padded", 'arguments |= {"padding": SlotCode(pad, "padding", 0)}', "pass"),
    Planted("a depthwise convolution has one group", "return _convolution(site, channels * layer.multiplier, channels, layer.bias)", "return _convolution(site, channels * layer.multiplier, 1, layer.bias)"),
    Planted("a dense layer of a program reads one place", "size = known(site.inputs[0].size) if flat else site.channels", "size = site.channels"),
    Planted("PyTorch's shapes have the channels last", "return (known(shape.channels), *map(known, shape.sides))", "return (*map(known, shape.sides), known(shape.channels))"),
    Planted("Keras' `same` pads what any padding pads", "return ends == alike and any(map(any, ends)), ends", "return any(map(any, ends)), ends"),
    Planted("a program for Keras leaves out that there is no bias", 'return SlotCode(bool(layer.bias), "use_bias", usual=True)', 'return SlotCode(True, "use_bias", usual=True)'),
    Planted("a map is flattened place by place", "if places == 1 or site.channels == 1:", "if True:"),
    Planted("what a maximum takes is padded with zeros", """lowest = 'float("-inf")'""", """lowest = "0.0\""""),
    Planted("Keras' groups are not written", 'groups=SlotCode(layer.groups, "groups", 1),', "groups=None,"),
    Planted("a pool for Keras strides by its size", 'strides = SlotCode(alike_as_one(site.spread(site.layer.steps())), "strides", kernel)', 'strides = SlotCode(kernel, "strides", kernel)'),
    Planted("parts with unlike fields are one block's with like ones", "if list(map(repr, values)) == list(map(repr, column)):", "if len(values) == len(column):"),
    Planted("a field that is a multiple once is always", "if all(value == times * base for value, base in pairs):", "if any(value == times * base for value, base in pairs):"),
    Planted("a block's fields have no usual values", "return None if count < 2 or 2 * count < len(column) or not is_plain(value) else value", "return None"),
    Planted("a repeat has one round too many", 'return Piece("repeat", "repeat", {"times": times}, {"times": times}', 'return Piece("repeat", "repeat", {"times": times + 1}, {"times": times}'),
    Planted("layers without a bias are no default", "if len(without) > 2 and 2 * len(without) > len(layers):", "if False:"),
    Planted("a default of no bias holds for what has one", 'leaf.fields.setdefault("bias", True)', "pass"),
    Planted("weights that are shared are written twice", 'if piece.share:\n            fields["share"] = piece.share', "pass"),
    Planted("uneven padding is even", "if any(before != after for before, after in pad.pairs):", "if False:"),
    Planted("a number is a multiple of what it is not", "if base < 1 or value % base:", "if base < 1:"),
    Planted("classes that a Keras program brings are not registered", "name: _REGISTER + text.strip()", "name: text.strip()"),
]  # fmt: skip
