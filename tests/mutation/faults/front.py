"""Faults in `errors`, `api` and the public names."""

from tests.mutation.ground import Planted

FAULTS = [
    Planted("every public name is unknown", "name not in _HOMES", "name in _HOMES"),
    Planted("a graph is loaded as a name", "network if isinstance(network, Graph) else load(network)", "network if True else load(network)"),
    Planted("more problems are told than a reader can bear", "len(self._first) >= MAX_PROBLEMS", "False"),
    Planted("the same problem is told twice", "(code, origin, message) in self._first", "(code, origin, message) not in self._first"),
]  # fmt: skip
