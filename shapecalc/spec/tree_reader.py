"""What readers of trees share: complaints with places, and the plain pieces of every file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from shapecalc.errors import Complaints, Problem, SpecErrors
from shapecalc.text import List, Origin, Scalar, Tree, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.text import Source


class TreeReader:
    """Reads one file; collects problems instead of stopping at the first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Complaints()
        self.meant: set[str] = set()  # what was suggested for misspelt keys

    def complain(self, code: str, message: str, at: Tree | None, hint: str = "") -> None:
        """Note a problem and go on."""
        place = origin(at) if at is not None else Origin(self.source)
        self.problems.add(Problem(code, message, place, hint=hint))

    def stop(self, code: str, message: str, at: Tree, hint: str = "") -> NoReturn:
        """Give up: nothing sensible can be read beyond this problem."""
        self.complain(code, message, at, hint)
        raise SpecErrors(self.problems.in_order())

    def check_keys(self, tree: YamlMap, known: Iterable[str], owner: str) -> None:
        """Complain about keys that are neither known nor begin with `x-`."""
        for key, place in tree.keys.items():
            if key not in known and not key.startswith("x-"):
                known = tuple(known)
                near = did_you_mean(key, known)
                self.meant.add(near)
                hint = near or "it takes " + ", ".join(known)
                self.complain("E111", f"{owner} has no key '{key}'", place, hint)

    def text(self, tree: Tree, what: str) -> str:
        """Read a text."""
        if isinstance(tree, Scalar) and tree.text:
            return tree.text
        self.complain("E110", f"{what} takes a text, not {describe(tree)}", tree)
        return ""

    def mapping(self, root: YamlMap, key: str, holds: str, form: str) -> YamlMap | None:
        """Return the map under `key`, complaining about anything else there."""
        tree = root.items.get(key)
        if tree is None:
            return None
        if isinstance(tree, YamlMap):
            ignored = [word for word in tree.items if word.startswith("x-")]
            items = {word: item for word, item in tree.items.items() if word not in ignored}
            keys = {word: item for word, item in tree.keys.items() if word not in ignored}
            return tree._replace(items=items, keys=keys) if ignored else tree
        message = f"{key} takes a map {holds}, not {describe(tree)}"
        self.complain("E110", message, tree, f"{key}: {form}")
        return None

    def names(self, tree: Tree, what: str) -> tuple[Scalar, ...]:
        """Read one name or a list of names."""
        items = tree.items if isinstance(tree, List) else (tree,)
        good = [item for item in items if isinstance(item, Scalar) and item.text]
        if len(good) != len(items) or not good:
            self.complain(
                "E110", f"{what} takes a name or a list of names, not {describe(tree)}", tree
            )
        return tuple(good)
