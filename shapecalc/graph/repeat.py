"""The rounds of a repeat: how many, and what its names are bound to in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph.scope import Argument, Scoped
from shapecalc.layers.fields import Count
from shapecalc.spec.model import RESERVED
from shapecalc.text import List, Scalar, Tree, YamlMap, describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.graph.constants import Constants
    from shapecalc.graph.draft import Expansion
    from shapecalc.spec.model import Use

_TIMES = Count(0)


def rounds_of(
    use: Use, place: Scoped, expansion: Expansion, constants: Constants
) -> Iterator[dict[str, Dim | Argument]]:
    """Yield for every round what its names are bound to."""
    times, walks, index = (use.fields.get(key) for key in ("times", "for", "index"))
    if (times is None) == (walks is None):
        needs = "needs times or for" if times is None else "takes either times or for, not both"
        expansion.complain("E113", f"repeat {needs}", use.word, "times: 3")
        return
    variable = ""
    if index is not None:
        variable = index.text if isinstance(index, Scalar) else ""
        _must_be_free(expansion, variable, index)
    lists: dict[str, tuple[Tree, ...]] = {}
    if times is not None:
        count = constants.number(times, place, "repeat: times", _TIMES) or 0
    else:
        assert walks is not None
        if not isinstance(walks, YamlMap) or not walks.items:
            expansion.complain(
                "E110",
                f"for takes a map of lists, not {describe(walks)}",
                walks,
                "for: {c: [24, 32], s: [2, 1]}",
            )
            return
        for name, values in walks.items.items():
            if name.startswith("x-"):
                continue
            if name == variable:
                message = f"'{name}' is the index and a list of for"
                expansion.complain("E117", message, walks.keys[name], "give them two names")
                return
            _must_be_free(expansion, name, walks.keys[name])
            if not isinstance(values, List):
                expansion.complain(
                    "E110", f"for: {name} takes a list, not {describe(values)}", values
                )
                return
            lists[name] = values.items
        lengths = {name: len(values) for name, values in lists.items()}
        if len(set(lengths.values())) > 1:
            shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            expansion.complain(
                "E203",
                f"the lists of for differ in length: {shown}",
                walks,
                "they are walked together; give them one length",
            )
            return
        count = next(iter(lengths.values()))
    for number in range(count):
        bound: dict[str, Dim | Argument] = {
            name: Argument(values[number], place) for name, values in lists.items()
        }
        if variable:
            bound[variable] = number
        yield bound


def _must_be_free(expansion: Expansion, name: str, at: Tree) -> None:
    """Complain about a name that a loop variable cannot have."""
    if name in RESERVED or not (name.isidentifier() and name.isascii()):
        expansion.complain(
            "E117",
            f"'{name}' cannot name a variable",
            at,
            "use letters, digits and _, and none of the reserved words",
        )
