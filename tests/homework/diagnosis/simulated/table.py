"""A network as a table to fill in: what every cell is, rightly, with mistakes, on own volumes."""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tests.homework.diagnosis.simulated import rules
from tests.homework.diagnosis.simulated.networks import NETWORKS, Layer
from tests.homework.diagnosis.simulated.rules import Around, Volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Value: TypeAlias = "int | Volume | None"
TOTAL = "total"
#: The columns that have a total.
SUMS = ("weights", "biases", "params", "macs", "flops", "connections")


class Table(NamedTuple):
    """A network's rows; `inside` shows the layers of blocks one by one."""

    network: str
    inside: bool = False

    @property
    def rows(self) -> dict[str, tuple[Layer, ...]]:
        """The layers of every row."""
        return _rows(self)

    @property
    def image(self) -> Volume:
        """What flows in at first."""
        return NETWORKS[self.network].side, 3

    def sources(self, row: str) -> tuple[str, ...]:
        """Name the layers outside a row that flow into it."""
        inner = {layer.name for layer in self.rows[row]}
        named = (name for layer in self.rows[row] for name in layer.inputs if name not in inner)
        return tuple(dict.fromkeys(named))

    def cell(
        self,
        row: str,
        column: str,
        entering: tuple[Volume, ...],
        made: Volume | None = None,
        ids: tuple[str, ...] = (),
        variant: int = 0,
    ) -> Value:
        """Return a cell's value for what flows in, and out where that is `made`."""
        return _cell(self, row, column, entering, made, ids, variant)

    def field(self, row: str) -> int:
        """Return the receptive field."""
        return _fields(self.network)[self.rows[row][-1].name][0]

    def total(self, column: str, ids: tuple[str, ...] = ()) -> int:
        """Add a column up."""
        whole = 0
        made = self.key
        for row, layers in self.rows.items():
            if ids == ("P34",) and layers[0].kind == "dense":
                continue
            entering = tuple(made[name] for name in self.sources(row))
            value = self.cell(row, "weights" if ids == ("P35",) else column, entering)
            assert isinstance(value, int)
            whole += value
        return whole

    @property
    def key(self) -> dict[str, Volume]:
        """The right volume of every row, by its last layer."""
        return _key(self)

    def walk(
        self, stated: Mapping[str, Volume], within: int
    ) -> tuple[dict[str, Volume], dict[str, Volume]]:
        """Follow stated volumes, by row, that are within a factor of the right ones.

        Returns what is expected of every row, by its name, and what goes on, by its last layer.
        """
        key = self.key
        expected: dict[str, Volume] = {}
        gone: dict[str, Volume] = {"input": self.image}
        for row, layers in self.rows.items():
            last = layers[-1].name
            entering = tuple(gone[name] for name in self.sources(row))
            made = self.cell(row, "output", entering)
            right = made if isinstance(made, tuple) else key[last]
            expected[row] = right
            own = stated.get(row)
            gone[last] = own if own is not None and _near(own, key[last], within) else right
        return expected, gone


def _near(own: Volume, key: Volume, within: int) -> bool:
    """Tell whether a stated volume may be followed."""
    if any(isinstance(n, Fraction) and n.denominator > 1 for n in own) or bool(own[0]) != bool(
        key[0]
    ):
        return False
    return all(
        a >= 1 and a <= within * b <= within**2 * a for a, b in zip(own, key, strict=True) if b
    )


@cache
def _rows(table: Table) -> dict[str, tuple[Layer, ...]]:
    return NETWORKS[table.network].rows(inside=table.inside)


@cache
def _key(table: Table) -> dict[str, Volume]:
    made: dict[str, Volume] = {"input": table.image}
    for row, layers in table.rows.items():
        value = table.cell(row, "output", tuple(made[name] for name in table.sources(row)))
        assert isinstance(value, tuple)
        made[layers[-1].name] = value
    return made


@cache
def _fields(network: str) -> dict[str, tuple[int, int]]:
    """Return the receptive field of every layer, and its jump."""
    seen = {"input": (1, 1)}
    for layer in NETWORKS[network].layers:
        size, jump = max(seen[name] for name in layer.inputs)
        if layer.kind == "dense":  # all of what flows in
            side = _key(Table(network, inside=True))[layer.inputs[0]][0]
            size += (int(side) - 1) * jump if side else 0
        elif layer.kernel:
            size, jump = size + (layer.kernel - 1) * jump, jump * layer.stride
        seen[layer.name] = (size, jump)
    return seen


def _around(table: Table, layer: Layer) -> tuple[int, Layer | None]:
    """Return the kernel of the layer with a window before, and the pool that flows in."""
    layers = NETWORKS[table.network].layers
    at = layers.index(layer)
    kernel = next((layer.kernel for layer in reversed(layers[:at]) if layer.kernel), 0)
    pool = next((e for e in layers if e.name == layer.inputs[0] and e.kind == "pool"), None)
    return kernel, pool


@lru_cache(maxsize=500_000)
def _cell(
    table: Table,
    row: str,
    column: str,
    entering: tuple[Volume, ...],
    made: Volume | None,
    ids: tuple[str, ...],
    variant: int,
) -> Value:
    if column == "rf":
        return table.field(row)
    layers = table.rows[row]
    volumes = dict(zip(table.sources(row), entering, strict=True))
    if column == "output":
        return _output(layers, volumes, ids, variant)
    if "P33" in ids:
        return (
            _direct(layers, volumes, column)
            if len(layers) > 1
            else _whole(table, row, column, entering, made)
        )
    whole = 0
    for layer, inputs, out in _walked(layers, volumes, made):
        if column in ("units", "memory"):
            whole = (int(out[0]) ** 2 or 1) * out[1] * (4 if column == "memory" else 1)
        else:
            whole += _count(table, layer, inputs, out, column, ids, variant)
    if column == "memory" and "F14" in ids:
        units = whole // 4
        params = _cell(table, row, "params", entering, made, (), 0)
        assert isinstance(params, int)
        return units if variant % 2 == 0 else whole + 4 * params
    return whole


def _whole(
    table: Table, row: str, column: str, entering: tuple[Volume, ...], made: Volume | None
) -> Value:
    return _cell(table, row, column, entering, made, (), 0)


def _output(
    layers: tuple[Layer, ...], volumes: dict[str, Volume], ids: tuple[str, ...], variant: int
) -> Volume | None:
    """Return what comes out; in a block only joining can go wrong."""
    for layer in layers:
        inputs = tuple(volumes[name] for name in layer.inputs)
        applied = ids if len(layers) == 1 or layer.kind == "concat" else ()
        out = rules.output(layer, inputs, applied, variant)
        if out is None:
            return None
        volumes[layer.name] = out
    return out


def _walked(
    layers: tuple[Layer, ...], volumes: dict[str, Volume], made: Volume | None
) -> Iterator[tuple[Layer, tuple[Volume, ...], Volume]]:
    for layer in layers:
        inputs = tuple(volumes[name] for name in layer.inputs)
        out = rules.output(layer, inputs)
        if layer is layers[-1] and made is not None:
            out = made
        elif out is None:
            out = (0, layer.filters or inputs[0][1])
        volumes[layer.name] = out
        yield layer, inputs, out


def _count(
    table: Table,
    layer: Layer,
    inputs: tuple[Volume, ...],
    out: Volume,
    column: str,
    ids: tuple[str, ...],
    variant: int,
) -> int:
    if column == "connections":
        return rules.connections(layer, inputs[0], out)
    if column in ("macs", "flops"):
        return rules.macs(layer, inputs[0], out, ids, twice=column == "flops").value
    count = counted(table, layer, inputs[0], out, ids, variant)
    if column == "biases":
        return sum(count.plus)
    return count.value if column == "params" else count._replace(plus=()).value


def counted(
    table: Table,
    layer: Layer,
    entering: Volume,
    out: Volume,
    ids: tuple[str, ...],
    variant: int,
) -> rules.Count:
    """Count a layer's parameters, with what a mistake takes from around it."""
    kernel, pool = _around(table, layer)
    before: Volume = (0, 0)
    if pool is not None:
        before = _key(Table(table.network, inside=True))[pool.inputs[0]]
    return rules.params(layer, entering, out, ids, Around(kernel, before), variant)


def _direct(layers: tuple[Layer, ...], volumes: dict[str, Volume], column: str) -> int:
    """Count a block whose wide convolutions look at the block's own input."""
    (source,) = volumes.values()
    whole = 0
    for layer in layers:
        reduces = layer.name.endswith(("reduce", "proj"))
        if layer.kind == "conv" and not reduces:
            count = rules.params(layer, source, source)
            whole += count.value if column == "params" else count._replace(plus=()).value
    return whole
