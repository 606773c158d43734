"""Attention that stands in a graph as its parts: found again as the block that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.api import loads
from shapecalc.errors import SpecErrors
from shapecalc.report.compute import compute_report
from shapecalc.writers.site import channels_of_operands

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report
    from shapecalc.writers.spec_fields import Value

_NORMS = ("layernorm", "rmsnorm")


class AttentionFinder:
    """Looks for attention that ends at a layer.

    What its fields must be is read off the layers; whether it is that attention, by writing it out
    and comparing every layer of the two.
    """

    def __init__(self, report: Report) -> None:
        self.report = report
        self.nodes = report.graph.nodes
        self.readers: list[set[int]] = [set() for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for source in node.inputs:
                self.readers[source].add(index)
        self.written: dict[str, Report | None] = {}

    def at(self, end: int) -> tuple[dict[str, Value], int, list[int]] | None:
        """Return the fields of an attention, what flows in, and its layers."""
        parts = _AttentionParts(self.report, end)
        try:
            fields = parts.fields()
        except TypeError:  # of sizes that are no numbers
            return None
        if fields is None or parts.source is None:
            return None
        members = self._between(end, parts.source)
        if members is None or not all(map(self._is_plain, members)):
            return None
        other = self._written(fields, parts.source)
        if other is None:
            return None
        mine = _signature(self.report, end, parts.source)
        return (fields, parts.source, members) if mine == _signature(other, -1, 0) else None

    def _is_plain(self, index: int) -> bool:
        node, row = self.nodes[index], self.report.rows[index]
        return node.share is None and not node.note and (node.trained or not row.parameters)

    def _between(self, end: int, source: int) -> list[int] | None:
        """Return all layers from a source to an end, where nothing else reads those within."""
        members: set[int] = set()
        waiting = [end]
        while waiting:
            index = waiting.pop()
            if index == source or index in members:
                continue
            if index < source or len(members) > 20:
                return None
            members.add(index)
            waiting += self.nodes[index].inputs
        ends = set(self.report.graph.outputs)
        inner = members - {end}
        if ends & inner or any(not self.readers[index] <= members for index in inner):
            return None
        return sorted(members)

    def _written(self, fields: Mapping[str, Value], source: int) -> Report | None:
        """Return the report on such an attention alone, of the same input."""
        shape = self.report.rows[source].output
        extents = "x".join(map(str, (*shape.sides, shape.channels)))
        text = ", ".join(f"{name}: {_word(value)}" for name, value in fields.items())
        spec = f"input: {extents}\nlayers: [attention: {{{text}}}]"
        if spec not in self.written:
            try:
                self.written[spec] = compute_report(loads(spec))
            except SpecErrors:
                self.written[spec] = None
        return self.written[spec]


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _signature(report: Report, end: int, source: int) -> Any:  # noqa: ANN401
    """Write what is computed from a source to an end, layer by layer."""
    nodes, rows = report.graph.nodes, report.rows
    made: dict[int, Any] = {source: "x"}
    end = end % len(nodes)
    for index in range(source + 1, end + 1):
        layer: Any = rows[index].layer
        read = [made.get(operand) for operand in nodes[index].inputs]
        if read and None not in read:
            made[index] = (layer.type, layer.values(), tuple(read))
    return made.get(end)


class _AttentionParts:
    """The layers of an attention by what they are for, as far as they are there."""

    def __init__(self, report: Report, end: int) -> None:
        self.report, self.end = report, end
        self.nodes = report.graph.nodes
        self.source: int | None = None

    def type(self, index: int) -> str:
        return self.report.rows[index].type

    def layer(self, index: int) -> Any:  # noqa: ANN401
        return self.report.rows[index].layer

    def before(self, index: int, operand: int = 0) -> int:
        """Return what a layer reads; -1 where it reads nothing."""
        inputs = self.nodes[index].inputs
        return inputs[operand] if operand < len(inputs) else -1

    def fields(self) -> dict[str, Value] | None:
        """Return what the fields would have to be; None for what is no attention."""
        at = self.end
        windows: dict[str, Value] = {}
        if self.type(at) == "window_merge":
            merge = self.layer(at)
            windows = {"window": "x".join(map(str, merge.size))}
            windows |= {"shift": "x".join(map(str, merge.shift))} if any(merge.shift) else {}
            windows |= {"grid": True} if merge.grid else {}
            at = self.before(at)
        out = at if self.type(at) == "dense" else None
        weighted = at if out is None else self.before(at)
        if self.type(weighted) != "matmul" or self.layer(weighted).merge == "none":
            return None
        scores, words = self._scores(self.before(weighted))
        if scores is None:
            return None
        heads = known(self.layer(scores).heads)
        values = self.before(weighted, 1)
        projected = self._projections(scores, values)
        if projected is None:
            return None
        x, query, value, bias, norm = projected
        if windows:
            if self.type(x) != "window_partition":
                return None
            x = self.before(x)
        self.source = x
        groups = self.layer(scores).groups
        channels = known(self.report.rows[x].output.channels)
        key, own = query // heads, value // (known(groups) if groups else heads)
        there = (bias, None if out is None else bool(self.layer(out).bias))
        biases = {
            (True, True): None,
            (False, False): False,
            (True, False): "qkv",
            (False, True): "out",
        }
        kept = biases[there[0], there[0] if there[1] is None else there[1]]
        return {
            "heads": heads,
            **({"key": key} if key * heads != channels else {}),
            **({"value": own} if own != key else {}),
            **({"groups": known(groups)} if groups else {}),
            **({} if kept is None else {"bias": kept}),
            **({"qk_norm": norm} if norm else {}),
            **({"out": False} if out is None else {}),
            **words,
            **windows,
        }

    def _scores(self, at: int) -> tuple[int | None, dict[str, Value]]:
        """Go back from the probabilities to the product of queries and keys."""
        words: dict[str, Value] = {}
        if at < 0 or self.type(at) != "softmax":
            return None, words
        names = {"causal_mask": "causal", "relative_position": "relative_position"}
        at = self.before(at)
        while self.type(at) in (*names, "window_mask"):
            if self.type(at) in names:
                words[names[self.type(at)]] = True
            at = self.before(at)
        product = self.type(at) == "matmul" and self.layer(at).heads is not None
        return (at if product else None), words

    def _projections(self, scores: int, values: int) -> tuple[int, int, int, bool, str] | None:
        """Return what flows in, the channels of queries and of values, the bias, and the norm."""
        queries, keys = self.before(scores), self.before(scores, 1)
        norm = self.type(queries) if self.type(queries) in _NORMS else ""
        if norm:
            queries, keys = self.before(queries), self.before(keys)
        if min(queries, keys, values) < 0:
            return None
        layers = {queries, keys, values}
        if any(self.type(index) != "dense" for index in layers) or len(layers) == 2:
            return None
        sources = {self.before(index) for index in layers}
        if len(sources) != 1 or bool(norm) != (len(layers) == 3):
            return None
        dense = self.layer(queries)
        query, value = known(dense.units), known(self.layer(values).units)
        if not norm:
            spans = channels_of_operands(self.layer(scores), self.report.rows[scores].inputs)
            first, last = spans["first"] or (0, query)
            query = last - first
            value -= spans["second"][1] if spans["second"] else 0
        return sources.pop(), query, value, bool(dense.bias), norm
