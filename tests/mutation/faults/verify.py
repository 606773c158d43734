"""Faults in `verify`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("a verdict's rule is too long", "len(HEADER) - 1", "len(HEADER) + 1"),
    Planted("no activity is a number", "None if isinstance(value, float) and not isfinite(value) else value", "None if True else value"),
    Planted("a wrong peak agrees", 'disagreements.append(f"activations, peak: {self.peak_outcome}")', "pass"),
    Planted("distinct values are all positive", "random.permutation(size) - size // 2", "random.permutation(size) + size // 2"),
    Planted("a small copy multiplies its groups", "count // groups", "count * groups"),
    Planted("a missing weight is told as there", "'' if done[name][1] else 'not '", "'' if True else 'not '"),
    Planted("a wrong field agrees", 'return f"{what}, by the rule it sees {rows}"', "return ''"),
    Planted("a packed file is unusual", "member.compress_type not in PACKINGS", "member.compress_type in PACKINGS"),
    Planted("pictures are taken for flat inputs only", "len(inputs) > 1 or len(shape.sides) != 2 or channels not in MODES", "len(inputs) > 1 or len(shape.sides) == 2 or channels not in MODES"),
    Planted("unknown bytes are bytes", 'NOT_APPLICABLE_MARK if count is None else f"{count:,} bytes"', 'NOT_APPLICABLE_MARK if count is not None else f"{count:,} bytes"'),
]  # fmt: skip
