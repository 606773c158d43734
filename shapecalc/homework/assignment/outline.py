"""The architecture as the rows of a sheet: all that the asked cells are worked out by.

Blocks are shown by their layers, since what they hold is needed to answer anything about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.model import TOTAL, computes, is_total
from shapecalc.layers.conv import Windowed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.report import Row

#: So many layers are named that flow into one.
_NAMED = 6


def outline(homework: Homework) -> tuple[str, ...]:
    """Name the rows of a sheet in the network's order: those asked, and those that they need."""
    report = homework.report
    places = {row.name: at for at, row in enumerate(report.rows)}

    def place(layer: str) -> tuple[int, int]:
        """Return where a row stands, a block before its layers, a sum behind them."""
        if is_total(layer):
            inside = layer.removesuffix(TOTAL)
            return max(at for name, at in places.items() if name.startswith(inside)), len(places)
        if layer in places:
            return places[layer], layer.count("/")
        inside = f"{layer}/"
        return min(at for name, at in places.items() if name.startswith(inside)), layer.count("/")

    ends = dict.fromkeys(homework.networks or ("",), -1)
    for layer in homework.layers:
        inside = [at for name, at in places.items() if name == layer or _in(name, layer)]
        for network, end in ends.items():
            within = (at for at in inside if _in(report.rows[at].name, network))
            ends[network] = max((end, *within))
    needed = [
        row.name
        for at, row in enumerate(report.rows)
        if (computes(row) or isinstance(row.layer, Windowed))
        and at <= ends[row.name.partition("/")[0] if homework.networks else ""]
    ]
    return tuple(sorted(dict.fromkeys((*homework.layers, *needed)), key=place))


def _in(name: str, level: str) -> bool:
    """Tell whether a layer stands in a level: a block, a network, or what a sum adds up."""
    inside = level.removesuffix(TOTAL) if is_total(level) else f"{level}/"
    return not level or name.startswith(inside)


def does(homework: Homework, layer: str, shown: Mapping[str, str]) -> str:
    """Say what a row of the sheet does, and what flows in where that is not the row above.

    `shown` has every row of the sheet with the layer above it.
    """
    row = homework.rows.get(layer)
    if row is None:
        return ""
    if row.layer is None:
        return row.does
    text = f"{row.type} {row.does}".strip()
    sources = tuple(_shown_before(homework, source, shown) for source in row.sources)
    if sources != (shown.get(layer, ""),):
        named = [source.removeprefix(_shared_path(layer, source)) for source in sources[:_NAMED]]
        more = f" and {len(sources) - _NAMED} more" if len(sources) > _NAMED else ""
        text += f", from {', '.join(named)}{more}"
    return text + (f", weights of {row.shared}" if row.shared else "")


def _shown_before(homework: Homework, source: str, shown: Mapping[str, str]) -> str:
    """Return the row of the sheet, or the input, whose volume a layer passes on."""
    row: Row | None = homework.rows.get(source)
    while row is not None and row.name not in shown and row.sources:
        if row.inputs != (row.output,):
            break
        row = homework.rows.get(row.sources[0])
    return row.name if row is not None else source


def _shared_path(layer: str, other: str) -> str:
    """Return the path of the block that two layers stand in."""
    path = layer.rpartition("/")[0]
    while path and not other.startswith(f"{path}/"):
        path = path.rpartition("/")[0]
    return f"{path}/" if path else ""


def above(homework: Homework) -> dict[str, str]:
    """Return every row of the sheet with the layer above it; the first has the input."""
    before: dict[str, str] = {}
    last = ""
    for layer in outline(homework):
        row = homework.rows.get(layer)
        network = f"{layer.partition('/')[0]}/" if homework.networks else ""
        if row is None or row.layer is None:
            before[layer] = ""
            continue
        if not last or not last.startswith(network):
            last = _first_input(homework, network)
        before[layer] = last
        last = layer
    return before


def _first_input(homework: Homework, network: str) -> str:
    rows = homework.report.rows
    return next(
        (row.name for row in rows if row.type == "input" and row.name.startswith(network)), ""
    )


def described(homework: Homework) -> Iterator[tuple[str, str]]:
    """Yield the rows of the sheet, and what each does."""
    shown = above(homework)
    for layer in shown:
        yield layer, does(homework, layer, shown)
