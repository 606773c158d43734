"""The layers that a reader finds, one behind another, as a spec's data.

A reader adds inputs and layers, and says by what `add` gave it what a layer is computed of.  Names
are paths, and layers of one path's beginning a group.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    #: Extents by their words; letters are symbols.
    Extents: TypeAlias = Mapping[str, int | str]

#: What a name may not hold, and how it may begin (`spec.tree_reader.NAME`).
_FOREIGN = re.compile(r"[^A-Za-z0-9_.+-]+")
_LONGEST = 80
#: Paths are so deep at most; what would lie deeper has its last levels in one name.
_DEEPEST = 12


class AddedLayer(NamedTuple):
    """A statement as added: its type, its fields, what it reads, its path and its own name.

    Without a name of its own it is called by its type, or as its module where it is alone in that.
    """

    kind: str
    fields: dict[str, Any]
    sources: tuple[str, ...]
    path: tuple[str, ...]
    name: str


class LayerList:
    """Statements in the order of a file, each under a path of its own.

    What `add` returns stands for a layer among the sources of others, in a field `share` or `like`,
    and among the outputs; only `data` knows the names.
    """

    def __init__(self) -> None:
        self.inputs: dict[str, Extents] = {}
        self._layers: dict[str, AddedLayer] = {}
        self._names = {"input": 1}

    def __len__(self) -> int:
        return len(self._layers)

    def add_input(self, name: str, extents: Extents) -> str:
        """Add an input of extents by their words (`height`, ..., `channels`)."""
        unique = _unique(_plain(name) or "in", self._names)
        self.inputs[unique] = extents
        return unique

    def add(self, kind: str, fields: dict[str, Any], sources: Sequence[str], name: str = "") -> str:
        """Add a layer computed of `sources`.

        Of a name `layer1/0/conv1` all but the last part are groups.  `layer1/0/conv1/` is a layer
        of that module that has no name of its own: it is called as the module where it is alone in
        it, and else by its type.
        """
        *path, own = name.split("/")
        parts = tuple(filter(None, map(_plain, path)))
        if len(parts) > _DEEPEST:
            parts = (*parts[: _DEEPEST - 1], _plain(".".join(parts[_DEEPEST - 1 :])))
        reference = f"\0{len(self._layers)}"
        own = (_plain(own) or "layer") if own else ""
        self._layers[reference] = AddedLayer(kind, fields, tuple(sources), parts, own)
        return reference

    @property
    def added(self) -> Mapping[str, AddedLayer]:
        """The layers by what stands for them."""
        return self._layers

    def replace(self, name: str, kind: str, fields: dict[str, Any]) -> None:
        """Put a layer in another one's place; it reads the same, and has no name of its own."""
        self._layers[name] = self._layers[name]._replace(kind=kind, fields=fields, name="")

    def merge(
        self, members: Iterable[str], last: str, kind: str, fields: dict[str, Any], source: str
    ) -> None:
        """Put one layer, in the module that all have in common, in the place of several.

        It stands for the last of them, and is called as `add` calls one without a name.
        """
        paths = [self._layers[name].path for name in members]
        path = paths[0]
        for other in paths:
            alike = [a == b for a, b in zip(path, other, strict=False)]
            path = path[: next((at for at, same in enumerate(alike) if not same), len(alike))]
        self._layers[last] = AddedLayer(kind, fields, (source,), path, "" if path else kind)
        for name in set(members) - {last}:
            del self._layers[name]

    def data(self, outputs: Iterable[str] = ()) -> dict[str, Any]:
        """Return the spec's data."""
        several = len(self.inputs) != 1
        shapes = {name: _shape(extents) for name, extents in self.inputs.items()}
        ends = list(dict.fromkeys(outputs))
        names = list(self.inputs)
        tree = _Tree(self._layers, names)
        return {
            **({"inputs": shapes} if several else {"input": shapes[names[0]]}),
            "layers": tree.statements,
            **(
                {"outputs": [tree.path(end) for end in ends]}
                if ends and ends != list(self._layers)[-1:]
                else {}
            ),
        }

    def paths(self) -> dict[str, str]:
        """Return the paths that layers and inputs have in the network, by what stands for them."""
        tree = _Tree(self._layers, list(self.inputs))
        return {reference: tree.path(reference) for reference in tree.paths}


class _Scope:
    """A group while it is open: the path as added, the one in the spec, its names and layers."""

    def __init__(self, key: str, path: str, names: dict[str, int], statements: list[Any]) -> None:
        self.key = key
        self.path = path
        self.names = names
        self.statements = statements


class _Tree:
    """Puts layers into groups, and names them; references become the nearest names."""

    def __init__(self, layers: dict[str, AddedLayer], inputs: list[str]) -> None:
        self.inputs = inputs
        self.paths = {name: name for name in inputs}
        self.statements: list[Any] = []
        named = inputs if len(inputs) > 1 else []
        self.scopes = [_Scope("", "", dict.fromkeys(["input", *named], 1), self.statements)]
        before = inputs[0] if len(inputs) == 1 else ""
        for reference, layer, path, name in _alone_or_not(layers):
            self.open(path)
            scope = self.scopes[-1]
            own = _unique(name, scope.names)
            self.paths[reference] = f"{scope.path}{own}"
            fields = {
                key: self.seen_from(scope, value) if key in ("share", "like") else value
                for key, value in layer.fields.items()
            }
            statement: dict[str, Any] = {**fields, "name": own}
            if layer.sources and layer.sources != (before,):
                sources = [self.seen_from(scope, source) for source in layer.sources]
                statement["from"] = sources[0] if len(sources) == 1 else sources
            scope.statements.append({layer.kind: statement})
            before = reference

    def open(self, path: tuple[str, ...]) -> None:
        """Close the groups that a path is not in, and open those that are missing."""
        level = 0
        while level < len(path) and level + 1 < len(self.scopes):
            if self.scopes[level + 1].key != path[level]:
                break
            level += 1
        del self.scopes[level + 1 :]
        for key in path[level:]:
            outer = self.scopes[-1]
            name = _unique(key, outer.names)
            statements: list[Any] = []
            outer.statements.append({"group": {"name": name, "layers": statements}})
            self.scopes.append(_Scope(key, f"{outer.path}{name}/", {"input": 1}, statements))

    def path(self, reference: str) -> str:
        """Return the path of a layer or an input, from the network's own level."""
        if reference in self.inputs and len(self.inputs) == 1:
            return "input"
        return self.paths[reference]

    def seen_from(self, scope: _Scope, reference: str) -> str:
        """Return a name that means a layer within a scope: its own there, or the whole path."""
        path = self.path(reference)
        folder, _, name = path.rpartition("/")
        if scope.path == (f"{folder}/" if folder else ""):
            return name
        return f"/{path}"


def _alone_or_not(
    layers: dict[str, AddedLayer],
) -> Iterator[tuple[str, AddedLayer, tuple[str, ...], str]]:
    """Yield layers with their groups and names: one alone in its module is called as that."""
    paths = [layer.path for layer in layers.values()]
    for at, (reference, layer) in enumerate(layers.items()):
        path = layer.path
        if layer.name or not path:
            yield reference, layer, path, layer.name or layer.kind
            continue
        neighbours = (paths[at - 1] if at else (), paths[at + 1] if at + 1 < len(paths) else ())
        if any(other[: len(path)] == path for other in neighbours):
            yield reference, layer, path, layer.kind
        else:
            yield reference, layer, path[:-1], path[-1]


def _shape(extents: Extents) -> Extents | int | str:
    """Write an input's extents; those of a vector are a number."""
    return extents["channels"] if len(extents) == 1 else extents


def _plain(name: str) -> str:
    """Return a name of characters that names may hold."""
    return _FOREIGN.sub("_", name).strip("_.+-")[:_LONGEST]


def _unique(name: str, taken: dict[str, int]) -> str:
    """Return a name that no other has, and take it; a name that is taken has its last number.

    >>> taken = {}
    >>> [_unique(name, taken) for name in ("relu", "relu", "relu_2", "relu")]
    ['relu', 'relu_2', 'relu_2_2', 'relu_3']
    """
    unique, number = name, taken.get(name, 0)
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    taken[name] = max(number, 1)
    taken.setdefault(unique, 1)
    return unique
