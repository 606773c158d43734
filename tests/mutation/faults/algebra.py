"""Faults in `algebra`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("the least of several operands is the largest", "min(numbers)", "max(numbers)"),
    Planted("a limit above is taken from the stretch without one", "part.high is not None", "part.high is None"),
    Planted("a factor is lost in print", "factors.append((factor, power))", "pass"),
    Planted("powers of another base are joined", "base[0] != atom", "True"),
    Planted("a relation without a sign is solved all the same", "not sign", "False"),
    Planted("a traced product is a sum", "factor * term.value", "factor + term.value"),
    Planted("a sum of a bare factor loses it", "not text and factor == 1", "not text or factor == 1"),
]  # fmt: skip
