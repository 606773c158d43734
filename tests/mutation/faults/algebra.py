"""Faults in `algebra`."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("sums with symbols are added as numbers", "sum(terms) if own is None else own.total(terms)", "sum(terms)"),
    Planted("the least of several operands is the largest", "min(numbers) if", "max(numbers) if"),
    Planted("a limit above is taken from the stretch without one", "part.high is not None", "part.high is None"),
    Planted("a step below is a step above", "one(Symbol(name)) + wish", "one(Symbol(name)) - wish"),
    Planted("a factor is lost in print", "factors.append((factor, power))", "pass"),
    Planted("powers of another base are joined", "base[0] != atom", "True"),
    Planted("of several sizes one vouches for all", "1 / len(sizes)", "1 * len(sizes)"),
    Planted("a relation without a sign is solved all the same", "not sign", "False"),
    Planted("the search for a first number goes too far", "low + step // 2, low + step if high is None else min(low + step, high)", "low + step // 2, low + step if high is None else max(low + step, high)"),
    Planted("a traced product is a sum", "factor * term.value", "factor + term.value"),
    Planted("a sum of a bare factor loses it", "not text and factor == 1", "not text or factor == 1"),
    Planted("a long name stands beside a number without a sign", 'times == "*" and inside[:1].isalpha() and len(inside) <= 2', 'times == "*" and inside[:1].isalpha()'),
    Planted("what no number divides may be 0", "if _leaves_remainder(value - bound):", "if _leaves_remainder(bound - bound):"),
]  # fmt: skip
