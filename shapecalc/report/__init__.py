"""What a network costs: a row a layer, totals, and the peak of live activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shapecalc.algebra import add_up, is_symbolic, largest
from shapecalc.layers.base import Work
from shapecalc.layers.shape import Map, Vector, as_list, as_text
from shapecalc.spec import Fields
from shapecalc.text.shown import Shapes, Shown, shortened
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.layers.base import Layer, Parameter
    from shapecalc.layers.shape import Shape
    from shapecalc.report.domain import Domain, Fit
    from shapecalc.report.receptive_field import ReceptiveField


class Unknown:
    """The value that no rule could compute."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        """It is nothing that could be shown as a number."""
        return False


UNKNOWN = Unknown()


class Row(NamedTuple):
    """A layer, or a level of the paths folded into one line.

    Counts are of one example's forward pass.  `activations` counts output elements, and 0 for
    layers that work in place; `overwritten` counts what those overwrite.  `connections` is None
    where a layer has no units of its own.
    """

    name: str
    type: str
    inputs: tuple[Shape, ...]
    output: Shape
    sources: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim | None
    work: Work
    activations: Dim
    overwritten: Dim
    field: tuple[ReceptiveField, ...] | None
    """Per side of the input; None where with symbols no one formula gives it."""
    shared: str | None = None
    note: str = ""
    layer: Layer | None = None
    fields: str = ""
    """A level in words: the fields of the block that it is, or the layers of a short chain."""
    members: tuple[Row, ...] = ()
    """The layers that a level folds."""
    frozen: Dim = 0
    """Parameters that training leaves as they are (`trainable: false`)."""

    @property
    def layers(self) -> tuple[Row, ...]:
        """The rows of its layers: itself, or those that it folds."""
        return self.members or (self,)

    @property
    def does(self) -> str:
        """What the layer does, in a few words; a block's fields; how many layers a level holds."""
        if self.layer is None or self.fields:
            text = self.fields or self.brief
        else:
            text = self.layer.does(*self.inputs)
        return ", ".join(filter(None, (text, self._held)))

    @property
    def brief(self) -> str:
        """What it does as far as a narrow page has room; `aside` is what is missing then."""
        if self.layer is not None:
            return self.layer.configuration(*self.inputs)
        return counted(len(self.members), "layer") if self.members else ""

    @property
    def aside(self) -> str:
        """What `brief` leaves out: fields off their default, a block's, and what is frozen."""
        text = self.layer.exceptions() if self.layer is not None else self.fields
        return ", ".join(filter(None, (text, self._held)))

    @property
    def _held(self) -> str:
        if self.frozen == 0:
            return ""
        return "frozen" if self.trainable == 0 else "partly frozen"

    @property
    def params(self) -> Dim:
        """Weights and biases, trained or frozen."""
        return self.weights + self.biases

    @property
    def trainable(self) -> Dim:
        """The parameters that training changes: those that are not frozen."""
        return self.params - self.frozen

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates of convolutions and dense layers."""
        return self.work.macs

    @property
    def flops(self) -> Dim:
        """Floating-point operations of those: two per multiply-accumulate."""
        return 2 * self.work.macs

    @property
    def units(self) -> Dim:
        """The output's elements."""
        return self.output.size

    @property
    def memory(self) -> Dim:
        """The bytes of the activations of one example, in float32."""
        return 4 * self.activations

    @property
    def receptive_field(self) -> tuple[Dim, ...] | Unknown | None:
        """The pixels of the input that a unit sees, per side; None without sides."""
        return self._per_side(lambda side: side.size)

    @property
    def jump(self) -> tuple[Dim | Fraction, ...] | Unknown | None:
        """The pixels between the receptive fields of neighbouring units, per side."""
        return self._per_side(lambda side: side.jump)

    def _per_side(self, value: Callable[[ReceptiveField], Any]) -> tuple[Any, ...] | Unknown | None:
        if self.field is None:
            return UNKNOWN
        values = tuple(map(value, self.field))
        if None in values:
            return UNKNOWN
        return None if set(values) <= {0} else values

    def to_record(self) -> dict[str, Any]:
        """Return the row as a record, as `Report.to_records` has it: one example, in float32."""
        return {name: _plain(getattr(self, attribute)) for name, attribute in RECORD.items()}

    def __repr__(self) -> str:
        taken = " + ".join(dict.fromkeys(map(as_text, self.inputs)))
        flow = f"{taken} -> " if taken else ""
        volumes = f"{flow}{as_text(self.output)}"
        return shortened(f"<Row {self.name}: {self.type}, {volumes}, {_costs(self)}>")


#: The names of a record, those of CSV and JSON, with the attributes that hold the values.
RECORD: dict[str, str] = {
    "name": "name",
    "type": "type",
    "does": "does",
    "from": "sources",  # a word of Python
    "inputs": "inputs",
    "output": "output",
    "units": "units",
    "weights": "weights",
    "biases": "biases",
    "params": "params",
    "buffers": "buffers",
    "connections": "connections",
    "macs": "macs",
    "flops": "flops",
    "activations": "activations",
    "memory": "memory",
    "receptive_field": "receptive_field",
    "jump": "jump",
    "shared": "shared",
    "note": "note",
}


def _plain(value: object) -> Any:  # noqa: ANN401
    """Return a value as JSON has it."""
    if value is UNKNOWN:
        return "unknown"
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, Map | Vector):
        value = as_list(value)
    if isinstance(value, tuple | list):
        return list(map(_plain, value))
    if is_symbolic(value):
        from shapecalc.algebra.notation import code_of

        return code_of(value)  # type: ignore[arg-type]
    number = float(value)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else number


def _costs(counted: Row | Totals) -> str:
    return f"{_short(counted.params)} params, {_short(counted.macs)} MACs"


def _short(number: Dim) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


class Totals(Fields):
    """Sums over the rows, and what only the whole network has."""

    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim
    work: Work
    activations: Dim
    overwritten: Dim
    peak: Dim
    """Most elements alive at once in inference: layer by layer in order, freed when last read."""
    layers: tuple[Row, ...] = ()
    """The rows that were added up."""
    frozen: Dim = 0
    """Parameters that training leaves as they are (`trainable: false`)."""

    @property
    def params(self) -> Dim:
        """Weights and biases, trained or frozen; shared ones once."""
        return self.weights + self.biases

    @property
    def trainable(self) -> Dim:
        """The parameters that training changes: those that are not frozen."""
        return self.params - self.frozen

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates of convolutions and dense layers."""
        return self.work.macs

    @property
    def flops(self) -> Dim:
        """Two per multiply-accumulate."""
        return 2 * self.work.macs

    def __repr__(self) -> str:
        return shortened(f"<Totals of {len(self.layers)} rows: {_costs(self)}>")


class Computing:
    """What computes reports, which a report is given to answer for other values and for levels.

    `level` takes a path to the row of its level, or to None where no level has the path.
    """

    __slots__ = ("anew", "fits", "level")

    def __init__(
        self,
        anew: Callable[[Graph], Report],
        fits: Callable[[Report], tuple[Fit, ...]],
        level: Callable[[Report, str], Row | None],
    ) -> None:
        self.anew = anew
        self.fits = fits
        self.level = level


class Report(Shown):
    """The finished computation for one network: a row a layer, and the totals.

    It is a sequence of rows, each by its name too: ``report["conv1"]``; the name of a block or a
    group gives the row of that level.

    `domain` tells for which values of its symbols a symbolic report holds; None without symbols.
    The options of `render` are those of `shapecalc summarize`: columns, depth, units, batch, dtype,
    layout, profile, count_inplace, sort, rows, only, hide.
    """

    __slots__ = ("_computing", "_weights_fit", "domain", "graph", "rows", "totals")
    shapes = Shapes(
        "a report",
        table="output.report_table.tabulate",
        records="output.report_records.records",
    )

    def __init__(
        self,
        graph: Graph,
        rows: tuple[Row, ...],
        totals: Totals,
        domain: Domain | None = None,
        *,
        computing: Computing,
    ) -> None:
        self._computing = computing
        self._weights_fit: tuple[Fit, ...] | None = None  # computed when they are first asked for
        self.graph = graph
        self.rows = rows
        self.totals = totals
        self.domain = domain

    @property
    def name(self) -> str:
        """The network's name."""
        return self.graph.spec.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """Doubts about how the spec was read: of inputs whose shapes may be meant otherwise."""
        return self.graph.remarks

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.remarks

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many sides its volumes have."""
        return tuple(sorted({len(row.output.sides) for row in self.rows} - {0}))

    @property
    def layers(self) -> tuple[Row, ...]:
        """The rows of the layers, without those of the inputs."""
        return tuple(row for row in self.rows if row.sources or row.type != "input")

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        """Tell whether a layer or a level has the name."""
        return isinstance(name, str) and self._row(name) is not None

    def _row(self, name: str) -> Row | None:
        rows = (row for row in self.rows if row.name == name)
        return next(rows, None) or self._computing.level(self, name)

    def __getitem__(self, name: str) -> Row:
        """Return the row of a layer, or of a level.  Raises `KeyError` for an unknown name."""
        row = self._row(name)
        if row is not None:
            return row
        from shapecalc.text.words import did_you_mean

        hint = did_you_mean(name, [*(row.name for row in self.rows), *self.graph.groups])
        raise KeyError(f"there is no layer '{name}'" + (f"; {hint}" if hint else ""))

    def at(self, **values: int) -> Report:
        """Return the report for values of its symbols and constants, all or some of them.

        Raises `SpecErrors` for values outside of the domain.
        """
        from shapecalc.graph.expand import rebuilt

        graph = rebuilt(self.graph, values)
        if self.graph.deployed:
            from shapecalc.graph.deploy import fold_batchnorm

            graph = fold_batchnorm(graph)
        return self._computing.anew(graph)

    @property
    def peak(self) -> Peak | None:
        """Where most elements are alive at once in inference; None with symbols."""
        return find_peak(self.graph, self.rows)

    @property
    def weights_fit(self) -> tuple[Fit, ...]:
        """For which sizes of the input the weights fit that the spec's own input gives."""
        if self._weights_fit is None:
            self._weights_fit = () if self.domain is None else self._computing.fits(self)
        return self._weights_fit

    def with_rows(
        self, rows: tuple[Row, ...], totals: Totals | None = None, graph: Graph | None = None
    ) -> Report:
        """Return a report of other rows: of the same network and totals, or of another's."""
        return Report(graph or self.graph, rows, totals or self.totals, computing=self._computing)

    def to_records(self, **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the rows as records with the names of CSV and the values of JSON.

        `options` are those of `render`: columns, depth, batch, dtype and so on.
        """
        import json

        records: list[dict[str, Any]] = json.loads(self.render("json", **options))["rows"]
        return records

    def __repr__(self) -> str:
        return shortened(f"<Report {self.name}: {_costs(self.totals)}>")


def named_doubts(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the doubts about several networks, with their names where there are two."""
    named = {report.name: report.doubts for report in reports}
    if len(named) == 1:
        return next(iter(named.values()))
    return tuple(f"{name}, {doubt}" for name, doubts in named.items() for doubt in doubts)


def total(graph: Graph, rows: tuple[Row, ...], domain: Domain | None = None) -> Totals:
    """Add the rows up."""
    works = [row.work for row in rows]
    return Totals(
        weights=add_up(row.weights for row in rows),
        biases=add_up(row.biases for row in rows),
        buffers=add_up(row.buffers for row in rows),
        connections=add_up(row.connections for row in rows if row.connections is not None),
        work=Work(*map(add_up, zip(*works, strict=True))) if works else Work(),
        activations=add_up(row.activations for row in rows),
        overwritten=add_up(row.overwritten for row in rows),
        peak=peak(graph, rows, domain),
        layers=rows,
        frozen=add_up(row.frozen for row in rows),
    )


def peak(graph: Graph, rows: tuple[Row, ...], domain: Domain | None = None) -> Dim:
    """Return the most elements that are alive at once in inference.

    With symbols it is the largest of those that may be: each surely is at some size, or may be.
    """
    live = [elements for _, elements, _ in _live(graph, rows, [])]
    if domain is None:
        return largest([*live, 0])
    from shapecalc.algebra.bounds import undominated

    return largest(undominated(live, domain.start))


def _live(
    graph: Graph, rows: tuple[Row, ...], owner: list[int]
) -> Iterator[tuple[int, Dim, dict[int, int]]]:
    """Yield for each layer that takes a buffer the elements that are alive while it runs.

    Layers run in order.  A result is kept until its last reader has run, the network's outputs to
    the end.  A layer that works in place takes over its input's buffer when no one else still
    reads that; a view always does.

    `owner` is filled with the layer that took each result's buffer; the last of what is yielded
    gives by that layer whose result the buffer holds now.
    """
    readers = [0] * len(rows)  # reads still to come, per buffer's first owner
    owner[:] = range(len(rows))
    held: dict[int, int] = {}
    for node in graph.nodes:
        for source in node.inputs:
            readers[source] += 1
    for output in graph.outputs:
        readers[output] += 1
    live: Dim = 0
    for index, node in enumerate(graph.nodes):
        layer, size = rows[index].layer, rows[index].output.size
        source = owner[node.inputs[0]] if node.inputs else index
        if layer is not None and layer.inplace and (layer.view or readers[source] == 1):
            owner[index] = source
            held[source] = index
            readers[source] += readers[index] - 1
            if readers[source] == 0:
                live -= rows[source].output.size
                del held[source]
            continue
        live += size
        held[index] = index
        yield index, live, held
        for origin in node.inputs:
            buffer = owner[origin]
            readers[buffer] -= 1
            if readers[buffer] == 0:
                live -= rows[buffer].output.size
                del held[buffer]
        if readers[index] == 0:
            live -= size
            del held[index]


class Alive(NamedTuple):
    """A volume that takes memory while a layer runs: whose result it is, and what for.

    `role` is input or output of that layer, or kept; then `reader` names the layer that it is kept
    for, "" for an output of the network.
    """

    layer: str
    role: Literal["input", "output", "kept"]
    elements: Dim
    reader: str = ""


class Peak(NamedTuple):
    """How many elements are alive while a layer runs, and whose they are; mostly where most are."""

    layer: str
    elements: Dim
    alive: tuple[Alive, ...]


def find_peak(graph: Graph, rows: tuple[Row, ...], layer: str | None = None) -> Peak | None:
    """Find the first layer where most elements are alive, or tell it of one layer.

    None with symbols, where the peak depends on the sizes, and for a layer that takes no buffer.
    """
    owner: list[int] = []
    most = -1
    at, held = 0, dict[int, int]()
    for index, live, now in _live(graph, rows, owner):
        if not isinstance(live, int):
            return None
        if live > most if layer is None else layer == rows[index].name:
            most, at, held = live, index, dict(now)
    if not held:
        return None
    sources = {owner[source] for source in graph.nodes[at].inputs}
    volumes = [
        Alive(
            rows[result].name,
            "output" if buffer == at else "input" if buffer in sources else "kept",
            rows[buffer].output.size,
            "" if buffer == at or buffer in sources else _next_reader(graph, owner, buffer, at),
        )
        for buffer, result in held.items()
    ]
    order = ("input", "output", "kept")
    return Peak(
        rows[at].name, most, tuple(sorted(volumes, key=lambda volume: order.index(volume.role)))
    )


def _next_reader(graph: Graph, owner: list[int], buffer: int, after: int) -> str:
    """Name the next layer that reads a buffer; "" where only the network's outside does."""
    later = (node for node in graph.nodes[after + 1 :])
    return next(
        (node.path for node in later if any(owner[source] == buffer for source in node.inputs)), ""
    )
