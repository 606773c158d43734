"""Keys of a teacher's file: words, shares, numbers and lists read, complaints collected."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Complaints
from shapecalc.homework.assignment.conventions import read_share
from shapecalc.text import List, Scalar, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.text import Tree


class OneOfWords(NamedTuple):
    """A field that takes one of some words; each stands for a value."""

    values: Mapping[str, Any]


class KeyReader:
    """Reads the values of keys; what is wrong is collected."""

    def __init__(self) -> None:
        self.problems = Complaints()

    def no(self, code: str, message: str, tree: Tree, hint: str = "") -> None:
        """Note a problem at a place."""
        self.problems.note(code, message, origin(tree), hint)

    def known(self, tree: YamlMap, keys: tuple[str, ...]) -> None:
        """Complain about keys that mean nothing."""
        for key, place in tree.keys.items():
            if key not in keys and not key.startswith("x-"):
                hint = did_you_mean(key, keys) or f"the keys are {', '.join(keys)}"
                self.no("E111", f"unknown key '{key}'", place, hint)

    def text(self, tree: Tree | None) -> str:
        if tree is None:
            return ""
        if isinstance(tree, Scalar):
            return tree.text
        self.no("E110", f"a text is expected here, not {describe(tree)}", tree)
        return ""

    def words(self, tree: Tree, what: str) -> list[Scalar]:
        """Read a list of words, or words with commas between them."""
        items = tree.items if isinstance(tree, List) else (tree,)
        if isinstance(tree, YamlMap) or not all(isinstance(item, Scalar) for item in items):
            self.no("E110", f"{what} are a list of names, not {describe(tree)}", tree)
            return []
        return [item for item in items if isinstance(item, Scalar)]

    def entries(self, tree: Tree | None, key: str) -> list[tuple[Scalar, Tree]]:
        if tree is None:
            return []
        if not isinstance(tree, YamlMap):
            self.no("E110", f"`{key}` is a map, not {describe(tree)}", tree)
            return []
        return list(zip(tree.keys.values(), tree.items.values(), strict=True))

    def fields(self, tree: Tree | None, known: Mapping[str, OneOfWords | str]) -> dict[str, Any]:
        """Read a map of settings."""
        readers: dict[str, Callable[[Tree], Any]] = {
            "share": self.share,
            "factor": lambda value: int(self.number(value, 4, least=1, most=1000)),
        }
        if tree is None:
            return {}
        if not isinstance(tree, YamlMap):
            self.no("E110", f"a map of settings is expected, not {describe(tree)}", tree)
            return {}
        self.known(tree, tuple(known))
        values = {}
        for key, value in tree.items.items():
            kind = known.get(key)
            if isinstance(kind, str):
                values[key] = readers[kind](value)
            elif kind is not None:
                read = self.word(value, key, kind.values)
                if read is not None:
                    values[key] = read
        return values

    def word(self, tree: Tree | None, key: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Read one of some words; None when there is none, or another one."""
        if tree is None:
            return None
        word = self.text(tree)
        if word in known:
            return known[word]
        hint = did_you_mean(word, known) or f"one of {', '.join(known)}"
        self.no("E110", f"{key} cannot be {describe(tree)}", tree, hint)
        return None

    def share(self, tree: Tree, most: int = 1) -> Fraction:
        """Read a part such as 1/2, 0.5 or 50%, or a number of marks."""
        value = read_share(self.text(tree))
        if value is None:
            self.no("E110", f"{describe(tree)} is no number", tree, "write 1/2, 0.5 or 50%")
            return Fraction(1)
        if value > most:
            self.no("E114", f"at most {most:,} is possible here, not {value}", tree)
        return value

    def number(self, tree: Tree | None, default: int, *, least: int = 0, most: int) -> int:
        if tree is None:
            return default
        text = self.text(tree)
        if text == "all":
            return 0
        if not (text.isascii() and text.isdecimal() and len(text) < 9) or not (
            least <= int(text) <= most
        ):
            self.no("E114", f"a number from {least} to {most} is expected", tree)
            return default
        return int(text)

    def layer(self, word: Scalar, rows: list[str]) -> str | None:
        """Read a row's name."""
        if word.text in rows:
            return word.text
        near = [name for name in rows if name.endswith(f"/{word.text}")]
        near = near or [name for name in rows if name.startswith(f"{word.text}_")]
        hint = f"write {' or '.join(near[:3])}" if near else did_you_mean(word.text, rows)
        hint = hint or "`shapecalc summarize` lists the layers"
        self.no("E704", f"there is no layer '{word.text}'", word, hint)
        return None
