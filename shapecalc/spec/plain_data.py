"""A spec given as plain data, dicts and lists, as a tree whose places are paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapecalc.errors import refuse
from shapecalc.text import NOWHERE, List, Origin, Scalar, Source, YamlMap

if TYPE_CHECKING:
    from shapecalc.text import Tree

#: What messages about the whole of it name.
NAME = "<data>"
#: Nested deeper, or with more digits, it is no spec.
MAX_DEPTH = 100
MAX_DIGITS = 4000


def tree_of(data: Mapping[Any, Any]) -> YamlMap:
    """Return a spec's data as the tree that its YAML would be.

    A value's place is its path, as in ``layers[2].conv.kernel``.  Raises `SpecErrors` for what
    YAML could not hold.
    """
    tree = _tree(data, "", 0)
    assert isinstance(tree, YamlMap)
    return tree


def _tree(value: object, path: str, depth: int) -> Tree:
    source = Source(path or NAME, "")
    if depth > MAX_DEPTH:
        message = f"lists and maps are nested more than {MAX_DEPTH} deep"
        raise refuse("E103", message, Origin(source), "does it hold itself?")
    if isinstance(value, Mapping):
        keys = {_key(key, path): (key, _below(path, key)) for key in value}
        return YamlMap(
            {word: _tree(value[key], place, depth + 1) for word, (key, place) in keys.items()},
            {word: _scalar(word, Source(place, "")) for word, (_, place) in keys.items()},
            source,
            NOWHERE,
            NOWHERE,
        )
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = [_tree(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
        return List(tuple(items), source, NOWHERE, NOWHERE)
    return _scalar(_text(value, source), source, plain=value != "")


def _scalar(text: str, source: Source, *, plain: bool = True) -> Scalar:
    return Scalar(text, plain, source, NOWHERE, NOWHERE)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _key(key: object, path: str) -> str:
    if isinstance(key, str):
        return key
    message = f"a key is a word, not {key!r}"
    raise refuse("E110", message, Origin.of_file(path or NAME))


def _text(value: object, source: Source) -> str:
    """Write a value as YAML has it.  Raises `SpecErrors`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise refuse("E114", f"a number of more than {MAX_DIGITS:,} digits", Origin(source))
    if isinstance(value, str | int | float):
        return str(value)
    kind = type(value).__name__
    hint = "a spec holds maps, lists, texts, numbers, true and false"
    raise refuse("E110", f"a value of the type {kind} is no part of a spec", Origin(source), hint)
