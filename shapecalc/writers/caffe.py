"""A network as Caffe's `.prototxt`, a deploy file of the second format.

A layer has its path as its name and its blob, and works in place where nobody else reads what it
reads; what comes out stands beside it.  What Caffe writes as several layers is written out.
"""

from __future__ import annotations

import struct
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.algebra import known
from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph import Input
from shapecalc.readers.protobuf import Field, Schema
from shapecalc.text.safe import one_line
from shapecalc.writers import Written
from shapecalc.writers.caffe_layers import ONE, SPELLINGS, Bare, CaffeStep
from shapecalc.writers.protobuf import encoded
from shapecalc.writers.site import Site, UnsayableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report, Row

    #: A message's fields by their names: values, messages, or several of them.
    Fields: TypeAlias = Mapping[str, Any]


#: What a file of weights is made of, by caffe.proto.
_SHAPE: Schema = {1: Field("dims", "int", many=True)}
_BLOB: Schema = {5: Field("data", "span"), 7: Field("shape", "message", schema=_SHAPE)}
_LAYER: Schema = {
    1: Field("name", "text"),
    2: Field("type", "text"),
    7: Field("blobs", "message", many=True, schema=_BLOB),
}
_NET: Schema = {
    1: Field("name", "text"),
    100: Field("layers", "message", many=True, schema=_LAYER),
}


def written(report: Report, arrays: Mapping[str, Any] | None = None) -> Written:
    """Write the file, and with a network's arrays by our names the one beside it that holds them.

    Raises `SpecErrors` (E360) for layers that Caffe has no means for.
    """
    writing = _Deploying(report, arrays)
    layers = writing.layers()
    totals = f"{report.totals.params:,} parameters, {report.totals.macs:,} multiply-accumulates"
    spec = report.graph.spec
    head = [
        f"# {one_line(report.name)}, for Caffe: {totals}.",
        *([f"# Source: {one_line(spec.citation)}"] if spec.citation else []),
        f"# Written by shapecalc from {one_line(spec.source.name)}.",
        f"name: {_value(report.name)}",
    ]
    model: list[bytes] = []
    if arrays is not None:
        model = encoded(_NET, {"name": report.name, "layers": writing.stored})
    return Written("\n".join([*head, *layers, ""]), data=model)


class _Deploying:
    """What is known while a file is written."""

    def __init__(self, report: Report, arrays: Mapping[str, Any] | None) -> None:
        self.report = report
        self.arrays = arrays
        #: The layers of the file of weights.
        self.stored: list[dict[str, Any]] = []
        self.nodes = report.graph.nodes
        self.readers = Counter(source for node in self.nodes for source in {*node.inputs})
        self.readers.update(report.graph.outputs)
        self.taken = {row.name for row in report.rows}
        shared = (node.share for node in self.nodes if node.share is not None)
        #: The layers whose arrays others have, too.
        self.shared = {report.rows[index].name for index in shared}
        #: The blobs that hold what the nodes give.
        self.blobs: list[str] = []

    def layers(self) -> list[str]:
        """Write all layers."""
        lines: list[str] = []
        problems = []
        for index, row in enumerate(self.report.rows):
            if isinstance(row.layer, Input):
                lines += self._input(row)
                continue
            try:
                lines += self._layer(index, row)
            except UnsayableError as error:
                message = f"{row.name} cannot be written for Caffe: {error.reason}"
                origin = self.nodes[index].origin()
                problems.append(Problem("E360", message, origin, hint=error.hint))
                self.blobs.append(row.name)
        if problems:
            raise SpecErrors(problems)
        return lines

    def _input(self, row: Row) -> list[str]:
        single = sum(isinstance(other.layer, Input) for other in self.report.rows) == 1
        name = "data" if single and row.name == "input" else row.name
        name = name if name == row.name else self._unique(name)
        self.blobs.append(name)
        shape = {"shape": {"dim": [1, *_extents(row.output)]}}
        fields = {"name": name, "type": "Input", "top": name, "input_param": shape}
        return _message("layer", fields, 0)

    def _layer(self, index: int, row: Row) -> Iterator[str]:
        node = self.nodes[index]
        shapes = tuple(self.report.rows[source].output for source in node.inputs)
        site = Site(row.layer, shapes, row.output)
        if row.type not in SPELLINGS:
            raise UnsayableError(f"Caffe has no {row.type}")
        steps = SPELLINGS[row.type](site)
        operands = [self.blobs[source] for source in node.inputs]
        if row.type == "crop":
            operands.append(self.blobs[self._like(index)])
        lines: list[str] = []
        before = ""
        for number, step in enumerate(steps):
            last = number == len(steps) - 1
            bottoms = [before if b == "<" else operands[int(b)] for b in step.bottoms]
            bottoms = bottoms or ([before] if before else operands)
            own = before == bottoms[0] or (not before and self._is_free(node.inputs, row))
            top = bottoms[0] if step.inplace and own and len(bottoms) == 1 else ""
            name = row.name if step.name == "" else self._unique(f"{row.name}_{step.name}")
            top = top or (name if not last or row.name in self.blobs else row.name)
            comment = " x ".join(map(str, _extents(row.output))) if last else ""
            fields: dict[str, Any] = {"name": name, "type": step.type, "bottom": bottoms}
            tops = [self._unique(f"{name}_{word}") if word else top for word in step.tops]
            fields["top"] = tops
            if step.arrays:
                fields |= self._weights(index, row, step)
                self._store(index, name, step)
            lines += _message("layer", fields | dict(step.fields), 0, comment)
            unread = [blob for blob in tops if blob != top]
            if unread:
                silent = {"name": self._unique(f"{name}_rest"), "type": "Silence", "bottom": unread}
                lines += _message("layer", silent, 0)
            before = top
        self.blobs.append(before)
        yield from lines

    def _is_free(self, sources: Sequence[int], row: Row) -> bool:
        """Tell whether a layer may write over the one blob that it reads."""
        if len(sources) != 1 or isinstance(self.report.rows[sources[0]].layer, Input):
            return False
        return self.readers[sources[0]] == 1

    def _owner(self, index: int) -> str:
        """Return the layer whose arrays one has."""
        owner = self.nodes[index].share
        return self.report.rows[index if owner is None else owner].name

    def _weights(self, index: int, row: Row, step: CaffeStep) -> Fields:
        """Name weights that several layers share, and say which nothing trains."""
        owner = self._owner(index)
        if owner in self.shared:
            return {"param": [{"name": f"{owner}.{name}"} for name in step.arrays]}
        if known(row.frozen) and step.type != "BatchNorm":  # which trains nothing anyway
            return {"param": [{"lr_mult": 0}] * len(step.arrays)}
        return {}

    def _store(self, index: int, name: str, step: CaffeStep) -> None:
        """Store the arrays of one of Caffe's layers."""
        if self.arrays is None:
            return
        blobs = []
        for word in step.arrays:
            if word == ONE:
                blobs.append({"data": struct.pack("<f", 1), "shape": {"dims": [1]}})
                continue
            array = self.arrays[f"{self._owner(index)}.{word}"]
            dims = list(array.shape)
            if step.type == "Convolution" and len(dims) == 2:  # of a dense layer at every place
                dims += [1] * (len(self.report.rows[index].output.sides))
            blobs.append(
                {"data": array.astype("<f4", copy=False).tobytes(), "shape": {"dims": dims}}
            )
        self.stored.append({"name": name, "type": step.type, "blobs": blobs})

    def _like(self, index: int) -> int:
        """Return a node before a crop whose sides are those that it cuts to.

        What is joined with the crop is asked first.
        """
        rows, wanted = self.report.rows, self.report.rows[index].output.sides
        joins = [node.inputs for node in self.nodes if index in node.inputs]
        asked = [other for inputs in joins for other in inputs if other < index]
        nodes: Sequence[int] = (*asked, *range(index))
        for other in nodes:
            if rows[other].output.sides == wanted and other not in self.nodes[index].inputs:
                return other
        raise UnsayableError("Caffe crops to the sides of another blob, and none has these")

    def _unique(self, name: str) -> str:
        unique, number = name, 1
        while unique in self.taken:
            number += 1
            unique = f"{name}_{number}"
        self.taken.add(unique)
        return unique


def _extents(shape: Shape) -> list[int]:
    """Return extents as Caffe has them: the channels, then the sides."""
    return [known(n) for n in (shape.channels, *shape.sides)]


# -- protobuf's text format -----------------------------------------------------------------------


def _value(value: Any) -> str:  # noqa: ANN401
    r"""Write a value: words as they are, texts in quotes.

    >>> _value('say "x"'), _value(True), _value(1e-4), _value(Bare("MAX"))
    ('"say \\"x\\""', 'true', '0.0001', 'MAX')
    """
    if isinstance(value, Bare):
        return str(value)
    if isinstance(value, str):
        plain = one_line(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{plain}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def _message(name: str, fields: Fields, depth: int, comment: str = "") -> list[str]:
    """Write a message; one of a single field in one line."""
    margin = "  " * depth
    if depth and len(fields) == 1:
        ((key, value),) = fields.items()
        if not isinstance(value, dict):
            values = value if isinstance(value, list) else [value]
            inner = " ".join(f"{key}: {_value(one)}" for one in values)
            return [f"{margin}{name} {{ {inner} }}"]
    lines = [f"{margin}{name} {{" + (f"  # {comment}" if comment else "")]
    for key, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                lines += _message(key, one, depth + 1)
            else:
                lines.append(f"{margin}  {key}: {_value(one)}")
    return [*lines, f"{margin}}}"]
