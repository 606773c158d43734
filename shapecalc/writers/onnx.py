"""A network as an ONNX model: every layer its operations, under its own names, and all shapes.

Weights are written where they are given.  Else each array is made by an operation of one number
again and again: the file has every shape, runs everywhere, and holds no payload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.graph import Input
from shapecalc.readers.onnx.file import MODEL, PRODUCER, TYPE
from shapecalc.text import Origin
from shapecalc.writers import Written
from shapecalc.writers.onnx_layers import SPELLINGS
from shapecalc.writers.onnx_net import FLOAT, INT, LaidValue, OnnxNet, Place
from shapecalc.writers.protobuf import encoded
from shapecalc.writers.site import Site, UnsayableError, indices_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report, Row

#: The set of operations, in which shape inference and runtimes agree on pools that round up, and
#: the version of the format that came with it.
OPSET, IR = 22, 10
#: What a file of protobuf may hold.
_MOST_BYTES = 2**31 - 1
#: The name of the batch, which is left open.
_BATCH = "N"


class OnnxModel(NamedTuple):
    """A written model: its bytes in pieces, and which layers' values have their channels last."""

    pieces: list[bytes]
    last: frozenset[str]


def written(report: Report, arrays: Mapping[str, Any] | None = None) -> Written:
    """Write the model, with a network's arrays by our names if they are given.

    Raises `SpecErrors` (E360) for layers that ONNX has no means for, and for too many bytes.
    """
    pieces = model(report, arrays).pieces
    size = sum(map(len, pieces))
    if size > _MOST_BYTES:
        message = f"{report.name} takes {size:,} bytes with its weights; a file holds 2 GB"
        hint = "leave --weights out"
        raise refuse("E360", message, Origin(report.graph.spec.source), hint)
    return Written("", data=pieces)


def model(
    report: Report, arrays: Mapping[str, Any] | None = None, element: int = FLOAT
) -> OnnxModel:
    """Write the model, as `written` does, with numbers of this type."""
    rows, graph = report.rows, report.graph
    owners = [
        rows[index if node.share is None else node.share].name
        for index, node in enumerate(graph.nodes)
    ]
    taken = [row.name for row in rows]
    shared = (rows[node.share].name for node in graph.nodes if node.share is not None)
    net = OnnxNet(taken, shared, arrays, element)
    indices = indices_of(report)
    values: list[LaidValue] = []
    problems = []
    for index, (row, node) in enumerate(zip(rows, graph.nodes, strict=True)):
        if isinstance(row.layer, Input):
            last = _read_last(report, index)
            values.append(
                LaidValue(net, row.output, *((None, row.name) if last else (row.name, None)))
            )
            net.batch_of = net.batch_of or row.name
            continue
        operands = tuple(values[source] for source in node.inputs)
        whole = any(source in indices for source in node.inputs[:1])
        shapes = tuple(rows[source].output for source in node.inputs)
        site = Site(row.layer, shapes, row.output, whole)
        try:
            values.append(_written(Place(net, site, row, owners[index], operands)))
        except UnsayableError as error:
            message = f"{row.name} cannot be written for ONNX: {error.reason}"
            problems.append(Problem("E360", message, node.origin(), hint=error.hint))
            values.append(LaidValue(net, row.output, row.name))
    if problems:
        raise SpecErrors(problems)
    named = [_stated(value, row.name, element) for value, row in zip(values, rows, strict=True)]
    for index in indices:
        named[index] = _stated(values[index], rows[index].name, INT)
    inputs = [index for index, row in enumerate(rows) if isinstance(row.layer, Input)]
    outputs = {index: _output(net, values[index], rows[index]) for index in sorted(graph.outputs)}
    within = (
        info
        for index, info in enumerate(named)
        if index not in inputs and outputs.get(index) != rows[index].name
    )
    fields = {
        "nodes": [*net.made, *net.nodes],
        "name": report.name,
        "arrays": net.stored,
        "inputs": [named[index] for index in inputs],
        "outputs": [_stated(values[index], end, element) for index, end in outputs.items()],
        "values": [*within],
    }
    opsets = [{"domain": "", "version": OPSET}]
    pieces = encoded(MODEL, {"ir": IR, "producer": PRODUCER, "graph": fields, "opsets": opsets})
    pairs = zip(values, rows, strict=True)
    return OnnxModel(pieces, frozenset(row.name for value, row in pairs if value.is_last(row.name)))


#: Layers of sequences that take the channels last.
_LAST = frozenset({"dense", "layernorm", "rnn", "lstm", "gru"})


def _read_last(report: Report, index: int) -> bool:
    """Tell whether an input is a sequence of which all that read it want the channels last."""
    rows, nodes = report.rows, report.graph.nodes
    readers = [rows[at] for at, node in enumerate(nodes) if index in node.inputs]
    return len(rows[index].output.sides) == 1 and all(
        row.type in _LAST and getattr(row.layer, "over", "channels") == "channels"
        for row in readers
    )


def _written(place: Place) -> LaidValue:
    """Write a layer; what it gives has its path as name."""
    net = place.net
    net.begin(place.row.name)
    if place.row.type not in SPELLINGS:
        raise UnsayableError(f"nobody knows what {place.row.layer.op} does")  # type: ignore[union-attr]
    made = SPELLINGS[place.row.type](place)
    value, last = made.either()
    others = {name for operand in place.operands for name in operand.names()}
    if value in others:
        value = net.node("Identity", value)
    name = net.finish(value)
    return place.gives(None, name) if last else place.gives(name)


def _output(net: OnnxNet, value: LaidValue, row: Row) -> str:
    """Return the name of an output; maps have their channels behind the batch.

    Raises `SpecErrors` (E360) for an input that is an output: ONNX has no such graph.
    """
    if isinstance(row.layer, Input):
        message = f"{row.name} cannot be written for ONNX: it is an input and an output"
        raise refuse("E360", message, hint="put an `identity` behind it")
    if value.rank < 2 or not value.is_last(row.name):
        return row.name
    net.begin(row.name)
    return value.first()


def _stated(value: LaidValue, name: str, element: int) -> dict[str, Any]:
    """Say of a value what its elements and its extents are."""
    extents = (value.channels, *value.sides)
    if value.is_last(name):
        extents = (*value.sides, value.channels)
    dims = [{"word": _BATCH}, *({"value": n} for n in extents)]
    tensor = {"type": element, "shape": {"dims": dims}}
    return {"name": name, "type": b"".join(encoded(TYPE, {"tensor": tensor}))}
