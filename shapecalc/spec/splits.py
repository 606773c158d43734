"""`split: 2` in a join: every branch begins with a slice of what flows in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.spec import Branch, Use
from shapecalc.text import List, Scalar, YamlMap

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.text import Tree

#: How a split is written.
FORM = "split: 2, split: [16, 48], or split: {width: 2}"


def is_split(tree: Tree, type_meant: Callable[[str], str | None]) -> bool:
    """Tell whether what stands under `split` says how to split: no branch of that name."""
    if isinstance(tree, YamlMap):
        return len(tree.items) == 1
    words = tree.items if isinstance(tree, List) else (tree,)
    return bool(words) and all(
        isinstance(word, Scalar) and word.text and type_meant(word.text) is None for word in words
    )


def parts_of(tree: Tree) -> int | None:
    """Return how many parts a split has; None where it does not say so in digits or a list."""
    (tree,) = tree.items.values() if isinstance(tree, YamlMap) else (tree,)
    if isinstance(tree, List):
        return len(tree.items)
    digits = isinstance(tree, Scalar) and tree.text.isdigit() and tree.text.isascii()
    return int(tree.text) if isinstance(tree, Scalar) and digits else None


def parted(branches: list[Branch], key: Scalar, tree: Tree) -> list[Branch]:
    """Put the slice of its part in front of every branch."""
    axis = "channels"
    if isinstance(tree, YamlMap):
        ((axis, tree),) = tree.items.items()
    return [
        branch._replace(uses=(_slice(axis, number, key, tree), *branch.uses))
        for number, branch in enumerate(branches, 1)
    ]


def _slice(axis: str, number: int, key: Scalar, of: Tree) -> Use:
    part = key._replace(text=str(number), plain=True)
    keys = {"part": key, "of": key}
    taken = YamlMap({"part": part, "of": of}, keys, key.source, of.start, of.length)
    return Use(key._replace(text="slice"), "slice", {axis: taken}, {axis: key}, own=True)
