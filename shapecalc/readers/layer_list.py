"""The layers that a reader finds, one behind another, as a spec's data.

A reader adds inputs and layers and names by what they are computed; names become paths, and layers
of one path's beginning a group.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Extents: TypeAlias = Mapping[str, int | str] | int | str

#: What a name may not hold, and how it may begin (`spec.tree_reader.NAME`).
_FOREIGN = re.compile(r"[^A-Za-z0-9_.+-]+")


class LayerList:
    """Statements in the order of a file, each under a name of its own."""

    def __init__(self) -> None:
        self.inputs: dict[str, Extents] = {}
        self.layers: list[dict[str, Any]] = []
        self._names: set[str] = {"input"}
        self._numbers: dict[str, int] = {}

    def add_input(self, name: str, extents: Extents) -> str:
        """Add an input of extents by their words (`height`, ..., `channels`); return its name.

        A vector is one number; letters are symbols.
        """
        unique = self.unique(name)
        self.inputs[unique] = extents
        return unique

    def add(self, kind: str, fields: dict[str, Any], sources: Sequence[str], name: str = "") -> str:
        """Add a layer computed of what `sources` name; return its own name."""
        unique = self.unique(name or kind)
        statement = {**fields, "name": unique}
        if list(sources) != [self._last()]:
            statement["from"] = sources[0] if len(sources) == 1 else list(sources)
        self.layers.append({kind: statement})
        return unique

    def unique(self, name: str) -> str:
        """Return a name that no other has, of characters that names may hold."""
        plain = _FOREIGN.sub("_", name).strip("_") or "layer"
        unique, number = plain, self._numbers.get(plain, 1)
        while unique in self._names:
            number += 1
            unique = f"{plain}_{number}"
        self._numbers[plain] = number
        self._names.add(unique)
        return unique

    def data(self, outputs: Iterable[str] = ()) -> dict[str, Any]:
        """Return the spec's data; an input that is the only one is called `input`."""
        several = len(self.inputs) != 1
        names = list(self.inputs)
        ends = list(outputs)
        layers = self.layers if several else [_renamed(layer, names[0]) for layer in self.layers]
        for first in (statement for layer in layers[:1] for statement in layer.values()):
            if first.get("from") == "input":  # flows into it anyway
                del first["from"]
        return {
            **({"inputs": self.inputs} if several else {"input": self.inputs[names[0]]}),
            "layers": layers,
            **({"outputs": ends} if ends and ends != [self._last()] else {}),
        }

    def _last(self) -> str:
        if not self.layers:
            return ""
        (statement,) = self.layers[-1].values()
        name: str = statement["name"]
        return name


def _renamed(layer: dict[str, Any], name: str) -> dict[str, Any]:
    """Write `input` where a layer refers to it by another name."""
    ((kind, statement),) = layer.items()
    sources = statement.get("from")
    changed: dict[str, Any] = {}
    if isinstance(sources, list):
        changed["from"] = ["input" if source == name else source for source in sources]
    changed.update({key: "input" for key in ("from", "like") if statement.get(key) == name})
    return {kind: {**statement, **changed}}
