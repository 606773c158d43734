"""Conventions and errata of tables, read from a file."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.algebra import Dim, known
from shapecalc.analysis.tables.model import (
    CONVENTION_KEYS,
    ERRATUM_KEYS,
    IN_BYTES,
    ROUNDINGS,
    UNITS,
    Convention,
    Erratum,
    PrintedColumn,
    PrintedLine,
    Working,
)
from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.layers import BUILTIN
from shapecalc.spec.expression import ExpressionError, evaluate, parse
from shapecalc.spec.tree_reader import TreeReader
from shapecalc.text import List, Scalar, Tree, YamlMap, describe
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


#: Keys of a convention whose field has another name.
_FIELDS = {"count": "counted", "K": "k"}
#: The keys that say which texts an erratum is about.
_PINS = ("printed", "computed")


class ConventionReader(TreeReader):
    """Reads how a table prints what it counts."""

    def conventions(self, root: YamlMap) -> dict[str, Convention]:
        tree = self.mapping(
            root, "conventions", "from quantities to conventions", "{parameters: {count: params}}"
        )
        conventions = {}
        counted = [name for name, quantity in QUANTITIES.items() if quantity.counts]
        for name, value in (tree.items if tree else {}).items():
            assert tree is not None
            if name not in counted:
                hint = did_you_mean(name, counted) or f"counted are {', '.join(counted)}"
                message = f"there is no convention for '{name}'"
                self.complain("E602", message, tree.keys[name], hint)
            elif not isinstance(value, YamlMap):
                message = f"a convention is a map of keys, not {describe(value)}"
                self.complain("E110", message, value, f"{name}: {{count: ..., rounding: nearest}}")
            else:
                if "count" not in value.items and len(QUANTITIES[name].counts) > 1:
                    known = ", ".join(QUANTITIES[name].counts)
                    message = f"the convention of {name} does not say what is counted"
                    self.complain("E113", message, tree.keys[name], f"count: one of {known}")
                only = next(iter(QUANTITIES[name].counts))
                conventions[name] = Convention(only)._replace(**self.convention(value, name))
        return conventions

    def convention(self, tree: YamlMap, quantity: str) -> dict[str, Any]:
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
        fields: dict[str, Any] = {}
        for key, value in tree.items.items():
            if key == "layers":
                types = self.names(value, "layers")
                for layer_type in types:
                    self.one_of(layer_type, BUILTIN, "a layer type")
                fields["layers"] = tuple(layer_type.text for layer_type in types)
            elif key in words and key in known:
                word = self.one_of(value, words[key], f"a value of {key}")
                if word is not None:
                    fields[_FIELDS.get(key, key)] = int(word) if word.isdigit() else word
        return fields

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


class ErratumReader(ConventionReader):
    """Reads the errata, cells that are known to be wrong with the reason why.

    The plain pieces that rows and columns share with them are read here too.
    """

    def words(self, root: YamlMap, key: str) -> str:
        return self.text(root.items[key], key) if key in root.items else ""

    def specs(self, root: YamlMap) -> tuple[Scalar, ...]:
        return self.names(root.items["spec"], "spec") if "spec" in root.items else ()

    def single(self, tree: YamlMap, key: str) -> Scalar | None:
        value = tree.items.get(key)
        return (
            value
            if value is not None and self.text(value, key) and isinstance(value, Scalar)
            else None
        )

    def known(self, word: Scalar, known: Mapping[str, object], what: str) -> bool:
        """Complain when a row or a column is named that the table does not have."""
        if word.text in known:
            return True
        hint = did_you_mean(word.text, known) or f"the {what}s are {', '.join(list(known)[:12])}"
        self.complain("E604", f"the table has no {what} '{word.text}'", word, hint)
        return False

    def errata(
        self,
        root: YamlMap,
        lines: dict[str, PrintedLine],
        columns: dict[str, PrintedColumn],
        cells: dict[tuple[str, str], Scalar],
        conventions: dict[str, Convention],
    ) -> dict[tuple[str, str], Erratum]:
        tree = root.items.get("errata")
        if tree is None:
            return {}
        if not isinstance(tree, List):
            message = f"errata takes a list, not {describe(tree)}"
            self.complain("E110", message, tree, "- {row: conv1, column: params, account: ...}")
            return {}
        errata: dict[tuple[str, str], Erratum] = {}
        for item in tree.items:
            if not isinstance(item, YamlMap):
                message = f"an erratum is a map of keys, not {describe(item)}"
                self.complain("E110", message, item, "- {row: conv1, column: ..., account: ...}")
                continue
            self.check_keys(item, ERRATUM_KEYS, "an erratum")
            for key in ("row", "column", "account"):
                if key not in item.items:
                    self.complain("E113", f"an erratum needs {key}", item, f"add `{key}:`")
            if _number(item) > max(1, len(lines) * len(columns)):
                message = f"an erratum names {_number(item):,} cells, more than the table has"
                self.complain("E114", message, item, "name each row and each column once")
                continue
            pins = self.pins(item)
            for (row, column), pin in zip(self.named(item, lines, columns), pins, strict=False):
                place = (row.text, column.text)
                if place not in cells:
                    message = f"nothing is printed in row {row.text}, column {column.text}"
                    self.complain("E604", message, row, "an erratum is about a printed cell")
                elif place in errata:
                    message = f"row {row.text}, column {column.text} has an erratum already"
                    self.complain("E102", message, row, "keep one of the two")
                else:
                    quantity = lines[row.text].quantity or columns[column.text].quantity
                    errata[place] = self.erratum(item, row, quantity, conventions, pin)
        return errata

    def named(
        self, item: YamlMap, lines: dict[str, PrintedLine], columns: dict[str, PrintedColumn]
    ) -> list[tuple[Scalar, Scalar]]:
        """List the rows and columns that an erratum names."""
        rows = self.names(item.items["row"], "row") if "row" in item.items else ()
        titles = self.names(item.items["column"], "column") if "column" in item.items else ()
        titles = tuple([title for title in titles if self.known(title, columns, "column")])
        return [(row, title) for row in rows if self.known(row, lines, "row") for title in titles]

    def pins(self, item: YamlMap) -> list[tuple[str, str]]:
        """Read the texts, printed and computed, that an erratum is about, for each of its cells."""
        cells = _number(item)
        pinned = [key for key in _PINS if key in item.items]
        if not pinned:
            if "spec" not in item.items and "convention" not in item.items:
                message = "an erratum that names neither network nor convention needs its texts"
                hint = "add what is `printed:` there, and what is `computed:`"
                self.complain("E113", message, item, hint)
            return [("", "")] * cells
        for key in set(_PINS) - set(pinned):
            self.complain("E113", f"an erratum with {pinned[0]} needs {key}", item, f"add `{key}:`")
        texts = [self.names(item.items[key], key) for key in pinned]
        for key, key_texts in zip(pinned, texts, strict=True):
            if len(key_texts) != cells:
                message = f"{key} has {len(key_texts)} of the erratum's {cells} texts"
                self.complain("E110", message, item.items[key], "one for each cell, row by row")
        return [
            (printed.text, computed.text)
            for printed, computed in zip(texts[0], texts[-1], strict=False)
        ]

    def erratum(
        self,
        item: YamlMap,
        row: Scalar,
        quantity: str,
        conventions: dict[str, Convention],
        pin: tuple[str, str],
    ) -> Erratum:
        changes = self.mapping(item, "convention", "of keys", "{rounding: nearest}")
        if changes is not None and quantity not in conventions:
            message = f"{quantity or 'the cell'} has no convention to change"
            self.complain("E605", message, changes, "name a spec, or nothing but the account")
            changes = None
        values = self.convention(changes, quantity) if changes is not None else {}
        account, spec = self.words(item, "account"), self.single(item, "spec")
        working = self.working(item)
        if working is not None and (spec is not None or changes is not None):
            message = (
                "an erratum names a network or convention under which it matches, or a working"
            )
            self.complain("E605", message, item.keys["working"], "keep one of the two")
        return Erratum(row, account, spec, tuple(values.items()), *pin, working)

    def working(self, item: YamlMap) -> Working | None:
        """Compute the arithmetic of a slip; None, with a complaint, where it is none."""
        tree = self.single(item, "working")
        if tree is None:
            return None
        try:
            return Working(tree, _worked(tree.text))
        except ExpressionError as error:
            self.complain("E115", f"working: {error.message}", tree, error.hint)
            return None


def _worked(text: str) -> int:
    """Compute arithmetic without names.  Raises `ExpressionError`."""
    parsed = parse(text)
    if isinstance(parsed, int):
        raise ExpressionError(f"{parsed} alone is no working", _WORKING)
    return known(evaluate(parsed, _no_name))


def _no_name(name: str) -> Dim:
    raise ExpressionError(f"'{name}' has no value", _WORKING)


_WORKING = "write with numbers what was multiplied or added: 55*48*96"


def _number(item: YamlMap) -> int:
    """Count the cells that an erratum names."""
    trees = [item.items.get(key) for key in ("row", "column")]
    return prod(len(tree.items) if isinstance(tree, List) else 1 for tree in trees)
