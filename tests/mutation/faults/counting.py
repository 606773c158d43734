"""Faults in `counting`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a network's biases are its weights", "all_.weights", "all_.biases"),
    Planted("a profile counts what it has no rule for", "self.rule(row) is not None", "self.rule(row) is None"),
    Planted("a folded block is unknown when one of its layers is", "any(map(self.counts, layers))", "all(map(self.counts, layers))"),
    Planted("the tools come before the papers", "*PAPERS, *READMES, *TORCH,", "*TORCH, *PAPERS, *READMES,"),
    Planted("untied layers are tied", 'not word.endswith(":untied")', 'word.endswith(":untied")'),
    Planted("calflops has no rule for transposed convolutions", '[*CONVOLUTIONS, "transposed", "dense", "dense:positions", "matmul"], "macs")', '[*CONVOLUTIONS, "dense", "dense:positions", "matmul"], "macs")'),
    Planted("calflops counts groups of a transposed convolution right", '{"transposed:grouped": "macs_grouped_twice"}', '{"transposed:grouped": "macs"}'),
    Planted("torchscan's adaptive means are not divided", '"rough_windows - outputs + outputs_by_sides"', '"rough_windows - outputs"'),
    Planted("the input has windows", "zip(row.inputs[0].sides, row.output.sides, strict=True) if row.inputs else ()", "zip(row.inputs[0].sides, row.output.sides, strict=True) if True else ()"),
    Planted("an adaptive window is o over n", "_rough_window(n, o)", "_rough_window(o, n)"),
    Planted("an adaptive window of numbers is refused", "isinstance(n, int) and isinstance(o, int)", "False"),
    Planted("torchscan divides what does not divide", "return n % o + 1 if n % o else n // o", "return n // o"),
    Planted("calflops multiplies by the groups", 'row.work.macs // getattr(row.layer, "groups", 1)', 'row.work.macs * getattr(row.layer, "groups", 1)'),
    Planted("a layer's outputs are not moved", "        sized.memory(row.output.size),\n    )\n\n\ndef intensity", "        0,\n    )\n\n\ndef intensity"),
    Planted("an intensity is of one example", "Fraction(_whole(operations) * sized.batch, _whole(size))", "Fraction(_whole(operations), _whole(size))"),
    Planted("a layer takes the shorter of two times", "return max(self)\n\n    @property\n    def bound", "return min(self)\n\n    @property\n    def bound"),
    Planted("memory bounds what arithmetic does", 'return "arithmetic" if self.arithmetic > self.memory else "memory"', 'return "memory" if self.arithmetic > self.memory else "arithmetic"'),
    Planted("a device has 1024 operations in a K", '{letter: 1000**power for power, letter in enumerate(("", *"KMGTP"))}', '{letter: 1024**power for power, letter in enumerate(("", *"KMGTP"))}'),
    Planted("a limit that is given twice is taken", "if name in numbers:\n            raise DeviceWordError", "if False:\n            raise DeviceWordError"),
]  # fmt: skip
