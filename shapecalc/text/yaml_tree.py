"""A YAML text as a tree: scalars, lists and maps that remember their places.

Scalars stay text: what `010`, `on` or `12:30` means is decided by whoever reads the field, who
knows what it expects.  `compose.py` builds the tree.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from shapecalc.text.source import Origin, Source, Span


class Mark(NamedTuple):
    """A place between two characters; counts from 0.  The parser's own marks have these too."""

    line: int
    column: int


#: The place of what was never written as text.
NOWHERE = Mark(-1, -1)


class Scalar(NamedTuple):
    """A word, a number, a string: text, and whether it stood without quotes."""

    text: str
    plain: bool
    source: Source
    start: Mark
    end: Mark


class List(NamedTuple):
    """A sequence."""

    items: tuple[Tree, ...]
    source: Source
    start: Mark
    end: Mark


class YamlMap(NamedTuple):
    """A mapping with text keys, in the order written; `keys` holds the keys' own places."""

    items: dict[str, Tree]
    keys: dict[str, Scalar]
    source: Source
    start: Mark
    end: Mark


Tree: TypeAlias = Scalar | List | YamlMap


def origin(tree: Tree) -> Origin:
    """Return the place where `tree` was written."""
    start, end = tree.start, tree.end
    if start is NOWHERE:
        return Origin(tree.source)
    return Origin(tree.source, Span(start.line, start.column, end.line, end.column))


def scalar(text: str, source: Source) -> Scalar:
    """Return a plain scalar that stands for the whole of `source` (a command-line value)."""
    return Scalar(text, True, source, Mark(0, 0), Mark(0, len(source.text)))


def describe(tree: Tree) -> str:
    """Say in the user's words what `tree` is: ``'three'``, ``a list of 2``, ``nothing``."""
    if isinstance(tree, Scalar):
        if tree.text or not tree.plain:
            shown = tree.text if len(tree.text) <= 40 else tree.text[:39] + "…"
            return f"'{shown}'"
        return "nothing"
    if isinstance(tree, List):
        return f"a list of {len(tree.items)}" if tree.items else "an empty list"
    return "a map with " + ", ".join(list(tree.items)[:4]) if tree.items else "an empty map"
