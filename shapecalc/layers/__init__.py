"""The layer types.  `BUILTIN` maps a word of the language to its class.

A family is a file here.  Its classes with a `type` of their own are words of the language, in the
order in which they stand there; so a new layer has no other list to be entered in.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from shapecalc.layers.base import Layer

#: The families, in the order in which help and schema list their layers.
FAMILIES = (
    "conv", "depthwise", "transposed", "pool", "globalpool", "dense", "lrn", "norm", "activation",
    "rmsnorm", "gated", "recurrent",
    "reshape", "slicing", "merge", "arithmetic", "reduce", "trained", "product", "attention",
    "partition",
)  # fmt: skip


#: The word for what has no rule.  It is a layer, but in no list of them: there is nothing to run of
#: it, and nothing to test.
OPAQUE = "opaque"


def opaque_class() -> type[Layer]:
    """Return the class of what has no rule."""
    from shapecalc.layers.opaque import Opaque  # few networks have such layers

    return Opaque


class _Builtin(Mapping[str, "type[Layer]"]):
    """All layer types by their words.

    A family is imported when a word is looked for there: first where a word is likely to be, in
    `dense` for dense and in `pool` for maxpool, then where most of the others are.
    """

    def __init__(self) -> None:
        self._classes: dict[str, type[Layer]] = {}
        self._left = sorted(FAMILIES, key=("merge", "activation").__contains__, reverse=True)

    def __getitem__(self, word: str) -> type[Layer]:
        if word == OPAQUE:
            return opaque_class()
        if word not in self._classes:
            self._look_for(word)
        return self._classes[word]

    def __contains__(self, word: object) -> bool:
        if word == OPAQUE:
            return True
        if word not in self._classes and isinstance(word, str):
            self._look_for(word)
        return word in self._classes

    def __iter__(self) -> Iterator[str]:
        for family in tuple(self._left):
            self._read(family)
        place = {f"{__name__}.{family}": number for number, family in enumerate(FAMILIES)}
        return iter(sorted(self._classes, key=lambda word: place[self._classes[word].__module__]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _look_for(self, word: str) -> None:
        likely = sorted(self._left, key=lambda family: (family != word, family not in word))
        while word not in self._classes and likely:
            self._read(likely.pop(0))

    def _read(self, family: str) -> None:
        module = import_module(f"{__name__}.{family}")
        for value in vars(module).values():
            if getattr(value, "__module__", "") == module.__name__ and "type" in vars(value):
                self._classes[value.type] = value
        if family in self._left:  # another thread may have read it
            self._left.remove(family)


BUILTIN: Mapping[str, type[Layer]] = _Builtin()

#: Words that other tools use for a type of ours.
ALIASES: dict[str, str] = {"fc": "dense", "linear": "dense"}

#: Words that build structure and are not layers.
STRUCTURE: tuple[str, ...] = ("repeat", "group", "side")

#: The words that stand for several layers: blocks that need no definition, unless a spec has one
#: of that name.
BUILT_IN_BLOCKS: tuple[str, ...] = ("attention",)

#: The layers that join branches.
JOINS: frozenset[str] = frozenset(
    {"concat", "add", "multiply", "subtract", "divide", "maximum", "minimum"}
)


def is_layer(word: str, blocks: Container[str]) -> bool:
    """Tell whether a word means a layer type, and not one of the blocks that go before it."""
    return word in BUILTIN and (word not in blocks or not BUILTIN[word].yields)


def layer_class(word: str) -> type[Layer]:
    """Return the class of a built-in type word.  Raises `KeyError` for another word."""
    return BUILTIN[word]
