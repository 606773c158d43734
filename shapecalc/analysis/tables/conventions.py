"""Conventions of tables: read from a file, and said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.analysis.tables.grammar import CONVENTION_KEYS, IN_BYTES, ROUNDINGS, UNITS
from shapecalc.analysis.tables.model import Convention
from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.counting.profiles import PROFILES
from shapecalc.errors import did_you_mean
from shapecalc.layers import BUILTIN
from shapecalc.spec.tree_reader import TreeReader
from shapecalc.text.words import listed
from shapecalc.text.yaml_tree import Map, Scalar, Tree, describe

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Keys of a convention whose field has another name.
_FIELDS = {"count": "counted", "K": "k"}


class ConventionReader(TreeReader):
    """Reads how a table prints what it counts."""

    def conventions(self, root: Map) -> dict[str, Convention]:
        tree = self.mapping(
            root, "conventions", "from quantities to conventions", "{parameters: {count: params}}"
        )
        found = {}
        counted = [name for name, each in QUANTITIES.items() if each.counts]
        for name, value in (tree.items if tree else {}).items():
            assert tree is not None
            if name not in counted:
                hint = did_you_mean(name, counted) or f"counted are {', '.join(counted)}"
                message = f"there is no convention for '{name}'"
                self.complain("E602", message, tree.keys[name], hint)
            elif not isinstance(value, Map):
                message = f"a convention is a map of keys, not {describe(value)}"
                self.complain("E110", message, value, f"{name}: {{count: ..., rounding: nearest}}")
            else:
                if "count" not in value.items and len(QUANTITIES[name].counts) > 1:
                    known = ", ".join(QUANTITIES[name].counts)
                    message = f"the convention of {name} does not say what is counted"
                    self.complain("E113", message, tree.keys[name], f"count: one of {known}")
                only = next(iter(QUANTITIES[name].counts))
                found[name] = Convention(only)._replace(**self.convention(value, name))
        return found

    def convention(self, tree: Map, quantity: str) -> dict[str, Any]:
        """Read the keys of a convention, of a table or of an erratum."""
        known = [key for key in CONVENTION_KEYS if key != "bytes" or quantity in IN_BYTES]
        self.check_keys(tree, known, f"the convention of {quantity}")
        words: dict[str, Iterable[str]] = {
            "count": QUANTITIES[quantity].counts,
            "K": ("1000", "1024"),
            "unit": UNITS,
            "rounding": ROUNDINGS,
            "significant": tuple(map(str, range(1, 16))),
            "bytes": ("1", "2", "4", "8"),
        }
        found: dict[str, Any] = {}
        for key, value in tree.items.items():
            if key == "layers":
                types = self.names(value, "layers")
                for each in types:
                    self.one_of(each, BUILTIN, "a layer type")
                found["layers"] = tuple(each.text for each in types)
            elif key in words and key in known:
                word = self.one_of(value, words[key], f"a value of {key}")
                if word is not None:
                    found[_FIELDS.get(key, key)] = int(word) if word.isdigit() else word
        return found

    def one_of(self, tree: Tree, known: Iterable[str], what: str) -> str | None:
        """Return one of the known words; complain about another."""
        if isinstance(tree, Scalar) and tree.text in known:
            return tree.text
        known = tuple(known)
        word = tree.text if isinstance(tree, Scalar) and not tree.text.isdigit() else ""
        near = did_you_mean(word, known) if word else ""
        listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        hint = near or f"one of {listed}"
        self.complain("E602", f"{describe(tree)} is not {what}", tree, hint)
        return None


def convention_text(quantity: str, convention: Convention) -> str:
    """Say a convention in words."""
    keys = [
        key
        for key, default in zip(Convention._fields, Convention(), strict=True)
        if key in ("counted", "rounding", "k")
        or (key == "bytes" and quantity in IN_BYTES)
        or (key != "bytes" and getattr(convention, key) != default)
    ]
    return "; ".join(convention_words(quantity, convention, keys))


def convention_words(quantity: str, convention: Convention, keys: Iterable[str]) -> list[str]:
    """Say some keys of a convention in words."""
    counts = {
        **{name: profile.label for name, profile in PROFILES.items()},
        "params": "weights + biases",
        "weights": "weights without biases",
        "stored": "weights, biases and running statistics",
        "connections": QUANTITIES["connections"].meaning,
        "units": "outputs of layers",
        "activations": "outputs of layers that do not work in place",
    }
    roundings = {"nearest": "rounded", "down": "truncated", "up": "rounded up"}
    words = {
        "counted": counts.get(convention.counted, convention.counted),
        "k": f"K = {convention.k:,}",
        "unit": f"in {convention.unit}s",
        "rounding": roundings[convention.rounding],
        "significant": f"to {convention.significant} digits",
        "layers": f"counted over {listed(convention.layers)} layers only",
        "bytes": f"{convention.bytes} bytes each",
    }
    return [words[key] for key in keys]
