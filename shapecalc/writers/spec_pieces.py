"""A graph as nested sequences: layers one behind another, and joins of branches that meet."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.graph import Input
from shapecalc.layers import layer_class
from shapecalc.writers.spec_attention import AttentionFinder
from shapecalc.writers.spec_fields import Value, all_fields, statement_fields, varies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.layers.base import Layer
    from shapecalc.report import Report

#: Joins whose branches may be written inside.
_BRANCHING = ("concat", "add", "multiply")
#: Where what leads to a node begins with several inputs.
NO_FORK = -1
#: What a join of one operand reads.
BEFORE = (".",)


def is_join(word: str) -> bool:
    """Tell whether layers of a type take any number of operands, which are then named."""
    return layer_class(word).inputs is None


class Piece:
    """A statement: a layer, a join of branches, a repeat of what it holds, or the use of a block.

    `kind` is one of layer, join, repeat, use, and region: layers that name each other, and become
    a block, whose names are its own.  `word` is the type; `fields` are written, `sizes`
    all those that may differ where two are alike otherwise.  `nodes` are those that it computes.
    A `pinned` one is named by others, or names others: it is like no other.
    """

    def __init__(
        self,
        kind: str,
        word: str,
        fields: dict[str, Value],
        sizes: dict[str, Value],
        bodies: Sequence[list[Piece]] = (),
        nodes: Sequence[int] = (),
    ) -> None:
        self.kind, self.word = kind, word
        self.fields, self.sizes = fields, sizes
        self.bodies = list(bodies)
        self.nodes = list(nodes)
        self.name = ""
        self.sources: tuple[str, ...] | None = None
        self.share = ""
        self.pinned = False

    def alike(self) -> tuple[object, ...]:
        """Return what pieces agree in that differ in sizes alone."""
        if self.pinned:
            return (id(self),)
        fixed = tuple((k, repr(v)) for k, v in self.fields.items() if k not in self.sizes)
        inner = tuple(tuple(piece.alike() for piece in body) for body in self.bodies)
        return (self.kind, self.word, fixed, tuple(self.sizes), self.name, self.sources, inner)

    def leaves(self) -> Iterator[Piece]:
        """Yield the piece and those inside, in order."""
        yield self
        for body in self.bodies:
            for piece in body:
                yield from piece.leaves()

    def values(self) -> list[Value]:
        """Return all sizes, in order."""
        return [value for piece in self.leaves() for value in piece.sizes.values()]

    def key(self) -> tuple[object, ...]:
        """Return what only pieces that do the same agree in."""
        return (self.alike(), repr(self.values()))


class NotNestedError(Exception):
    """Branches share layers in a way that no nesting of sequences has."""


class Decomposition:
    """Takes a graph apart; what is not nested is named where it is read."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.nodes = report.graph.nodes
        self.inputs = self._without_repeated_concats()
        self.names: dict[int, str] = {}
        self.taken: set[str] = {"input"}
        self.used: set[int] = set()
        self.before = self._dominators()
        self.attentions = AttentionFinder(report)

    def _without_repeated_concats(self) -> list[tuple[int, ...]]:
        """Let a concatenation that begins with the operands of an earlier one read that one."""
        inputs = [node.inputs for node in self.nodes]
        known: dict[tuple[int, ...], int] = {}
        for index, row in enumerate(self.report.rows):
            if row.type != "concat":
                continue
            operands = inputs[index]
            known.setdefault(operands, index)
            for length in range(len(operands) - 1, 1, -1):
                earlier = known.get(operands[:length])
                if earlier is not None and earlier < index:
                    inputs[index] = (earlier, *operands[length:])
                    break
        return inputs

    def _dominators(self) -> list[int]:
        """Return for each node the last one that all ways to it pass; -1 is where inputs begin."""
        before: list[int] = []
        for every in self.inputs:
            inputs = [index for index in every if not self._is_array(index)]
            common = inputs[0] if inputs else -1
            for other in inputs[1:]:
                a, b = common, other
                while a != b:
                    if a > b:
                        a = before[a]
                    else:
                        b = before[b]
                common = a
            before.append(common)
        return before

    def sequence(self) -> list[Piece]:
        """Return the whole network as a sequence."""
        *others, last = sorted(set(self.report.graph.outputs))
        inputs = [i for i, row in enumerate(self.report.rows) if isinstance(row.layer, Input)]
        try:
            pieces = self.chain(last, inputs[0] if len(inputs) == 1 else NO_FORK)
            for end in others:
                pieces += self._side(end, pieces)
        except (NotNestedError, RecursionError):
            return self.flat(0, len(self.nodes))
        wanted = {i for i, row in enumerate(self.report.rows) if not isinstance(row.layer, Input)}
        if self.used != wanted:
            self.used.clear()
            return self.flat(0, len(self.nodes))
        return pieces

    def _side(self, end: int, pieces: Sequence[Piece]) -> list[Piece]:
        """Return what leads to another output from where it parts from a sequence."""
        ends = {piece.nodes[0] for piece in pieces if piece.kind != "region"}
        fork = end
        while fork not in self.used and fork > 0 and not isinstance(self._layer(fork), Input):
            fork = self.before[fork]
        if fork < 0 or (fork in self.used and fork not in ends):
            raise NotNestedError
        if fork == end:
            self.name_of(end)
            return []
        side = self.chain(end, fork)
        self._begin(side, fork)
        return side

    def _begin(self, pieces: Sequence[Piece], source: int) -> None:
        """Let a sequence begin with a layer by name."""
        if not pieces or pieces[0].kind not in ("layer", "use") or pieces[0].sources is not None:
            raise NotNestedError
        pieces[0].sources = (self.name_of(source),)

    def chain(self, end: int, start: int) -> list[Piece]:
        """Return what leads from one node to another, without the first.

        Without a fork it begins with one of the inputs.  Raises `NotNestedError` where that shares
        layers with something else.
        """
        pieces: list[Piece] = []
        at = end
        while at != start:
            if start == NO_FORK and at >= 0 and isinstance(self._layer(at), Input):
                self._begin(pieces[::-1], at)
                break
            if at in self.used or at < start or at < 0 or isinstance(self._layer(at), Input):
                raise NotNestedError
            attention = self.attentions.at(at)
            if attention is not None:
                at = self._attention(*attention, start, pieces)
                continue
            inputs = self.inputs[at]
            if len(inputs) == 1:
                piece = self.layer(at)
                piece.sources = BEFORE if is_join(piece.word) else None
                pieces.append(piece)
                self.used.add(at)
                at = inputs[0]
                continue
            if not inputs:
                pieces.append(self.layer(at))
                self.used.add(at)
                break
            fork = self.before[at]
            pieces += reversed(self.join(at, fork))
            at = fork
        pieces.reverse()
        return pieces

    def _attention(
        self,
        fields: dict[str, Value],
        source: int,
        members: list[int],
        start: int,
        pieces: list[Piece],
    ) -> int:
        """Write an attention as the block that it is; return what flows into it."""
        if source < start or not self.used.isdisjoint(members):
            raise NotNestedError
        sizes: dict[str, Value] = {
            n: v for n, v in fields.items() if isinstance(v, int) and v is not True and v
        }
        nodes = sorted(members, reverse=True)  # the last is what it is called by
        pieces.append(Piece("use", "attention", dict(fields), sizes, (), nodes))
        self.used.update(members)
        return source

    def join(self, at: int, fork: int) -> list[Piece]:
        """Return the join of branches that part at a fork, or the layers between by name."""
        used = set(self.used)
        if self._layer(at).type in _BRANCHING:
            try:
                bodies = [self.chain(operand, fork) for operand in self.inputs[at]]
            except NotNestedError:
                self.used = used
            else:
                if all(len(body) != 0 for body in bodies) or sum(map(bool, bodies)) > 0:
                    self.used.add(at)
                    piece = self.layer(at)
                    piece.kind, piece.bodies = "join", bodies
                    piece.nodes = [at, *(n for body in bodies for p in body for n in p.nodes)]
                    return [piece]
                self.used = used
        between = self._between(at, fork)
        self.used |= between
        return [self.region(sorted(between), fork)]

    def region(self, indices: list[int], fork: int) -> Piece:
        """Return layers that name each other, by names of their own; `input` is what flows in."""
        names = {fork: "input"}
        numbers: Counter[str] = Counter()
        body = []
        before = "input"
        for index in indices:
            piece = self.layer(index)
            if piece.pinned:
                raise NotNestedError
            numbers[piece.word] += 1
            names[index] = f"{piece.word}_{numbers[piece.word]}"
            read = tuple(names[source] for source in self.inputs[index])
            piece.sources = None if read in ((before,), ()) else read
            piece.sources = BEFORE if read == (before,) and is_join(piece.word) else piece.sources
            piece.name = before = names[index]
            body.append(piece)
        asked = {name for piece in body for name in piece.sources or ()}
        for piece in body:
            piece.name = piece.name if piece.name in asked else ""
        return Piece("region", "region", {}, {}, [body], indices)

    def _between(self, at: int, fork: int) -> set[int]:
        """Return the nodes between a fork and a join, the join among them."""
        between: set[int] = set()
        waiting = [at]
        while waiting:
            index = waiting.pop()
            if index in between or index == fork:
                continue
            outside = index < fork or isinstance(self._layer(index), Input)
            if index in self.used or (outside and not self._is_array(index)):
                raise NotNestedError
            between.add(index)
            waiting += self.inputs[index]
        return between

    def _layer(self, index: int) -> Layer:
        layer = self.report.rows[index].layer
        assert layer is not None
        return layer

    def _is_array(self, index: int) -> bool:
        """Tell a trained array, into which nothing flows."""
        return not self.nodes[index].inputs and not isinstance(self._layer(index), Input)

    def layer(self, index: int) -> Piece:
        """Return a layer as a piece; one that shares weights is like no other."""
        row, node, layer = self.report.rows[index], self.nodes[index], self._layer(index)
        fields = statement_fields(layer)
        every, names = all_fields(layer), varies(layer)
        sizes: dict[str, Value] = {
            name: value for name, value in every.items() if name in names and value is not None
        }
        piece = Piece("layer", layer.type, fields, sizes, (), [index])
        if not node.trained and row.parameters:
            fields["trainable"] = False
        if node.note:
            fields["note"] = node.note
        if node.share is not None:
            piece.share, piece.pinned = self.name_of(node.share), True
            piece.name = self.name_of(index)
        return piece

    def named(self, indices: Sequence[int]) -> list[Piece]:
        """Return layers in their order, which name what they read unless it stands before them."""
        pieces = []
        for index in indices:
            if isinstance(self._layer(index), Input):
                continue
            piece = self.layer(index)
            piece.pinned = True
            piece.name = self.name_of(index)
            piece.sources = tuple(map(self.name_of, self.inputs[index])) or None
            pieces.append(piece)
        return pieces

    def flat(self, first: int, after: int) -> list[Piece]:
        """Return all layers by name."""
        return self.named(range(first, after))

    def name_of(self, index: int) -> str:
        """Return the name of a node in one scope with all others."""
        if index not in self.names:
            row = self.report.rows[index]
            inputs = [r for r in self.report.rows if isinstance(r.layer, Input)]
            if isinstance(row.layer, Input):
                self.names[index] = "input" if len(inputs) == 1 else row.name
                self.taken.add(self.names[index])
            else:
                plain, number = row.name.replace("/", "."), 1
                name = plain
                while name in self.taken:
                    number += 1
                    name = f"{plain}_{number}"
                self.taken.add(name)
                self.names[index] = name
        return self.names[index]
