"""A single fault: one place in one function or class of the package, written otherwise."""

from __future__ import annotations

import ast
import inspect
import textwrap
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.layers import conv, pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FunctionType

#: What remembers answers of functions that a fault changes.
CACHES = (conv._windows, conv._positions, conv._fitting, conv._reaches, pool._seeing)


class Fault(NamedTuple):
    """In the source of `place`, `right` is replaced by `wrong`.

    `word` is a layer type in which it shows, or the name of a network's law.  A `place` is a
    function or method, `window:output_size`; a class constant, `layers.activation:Relu.cost`, has
    the value that `wrong` evaluates to in its module.
    """

    what: str
    word: str
    place: str
    right: str
    wrong: str


@contextmanager
def planted(fault: Fault) -> Iterator[None]:
    """Plant a fault, in memory, for as long as the block runs.

    A function keeps its identity and gets other code, so whoever has imported it has the fault.
    """
    module, _, path = fault.place.partition(":")
    owner: Any = import_module(f"shapecalc.{module}")
    *outer, name = path.split(".")
    for each in outer:
        owner = getattr(owner, each)
    there = vars(owner)[name] if name in vars(owner) else getattr(owner, name)
    function = there.fget if isinstance(there, property) else there
    function = inspect.unwrap(function)
    try:
        if inspect.isfunction(function):
            code = function.__code__
            function.__code__ = _rewritten(function, fault)
        else:
            assert repr(there) == fault.right, f"{fault.place} is {there!r}"
            setattr(owner, name, eval(fault.wrong, vars(import_module(f"shapecalc.{module}"))))
        _forget()
        yield
    finally:
        if inspect.isfunction(function):
            function.__code__ = code
        else:
            setattr(owner, name, there)
        _forget()


def _forget() -> None:
    for cache in CACHES:
        cache.cache_clear()


def _undecorated(source: str) -> str:
    """Leave out what registers a function: the one with the fault takes no place there."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            kept = [each for each in node.decorator_list if "registry." not in ast.unparse(each)]
            node.decorator_list = kept
    return ast.unparse(tree)


def _rewritten(function: FunctionType, fault: Fault) -> Any:
    """Compile a function's source with the fault in it."""
    source = textwrap.dedent(inspect.getsource(function))
    found = source.count(fault.right)
    assert found == 1, f"{fault.place} holds {fault.right!r} {found} times"
    source = _undecorated(source.replace(fault.right, fault.wrong))
    if "__class__" in function.__code__.co_freevars:  # it calls super()
        source = "class _:\n" + textwrap.indent(source, "    ")
    scope: dict[str, Any] = {}
    exec("from __future__ import annotations\n" + source, {**function.__globals__}, scope)
    holder = scope.get("_")
    made = scope[function.__name__] if holder is None else vars(holder)[function.__name__]
    made = made.fget if isinstance(made, property) else inspect.unwrap(made)
    return made.__code__
