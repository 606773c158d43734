"""Sweeps: the totals of a network, and values of its layers, over ranges of what it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.text.words import must_be_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from shapecalc.analysis.sweep.choice import Wishes
    from shapecalc.analysis.sweep.plan import Plan, Progress
    from shapecalc.analysis.sweep.result import Sweep
    from shapecalc.graph import Graph
    from shapecalc.output.view import View


def sweep(
    network: str | PathLike[str] | Graph,
    over: Mapping[str, Any] | Iterable[str] | str,
    *,
    columns: str | Iterable[str] | None = None,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    fold_batchnorm: bool = False,
    where: str = "",
    pareto: str = "",
    maximize: str = "",
    top: int = 0,
    by: str = "",
    sample: int = 0,
    seed: int = 0,
    **options: Any,  # noqa: ANN401  (those of `make_view`)
) -> Sweep:
    """Compute a network at every point of a grid.

    `over` gives names values: ``{"H": range(32, 513, 32), "k": [64, 128]}``, arrays too, or the
    texts of the command line.  A name is a `let` constant, a symbol of the input, a side of an
    input of numbers (H, W, or N for both), or a field of a layer (``conv1.stride``).  `columns`
    are totals (``macs``, ``peak``) and values of layers (``conv1.output``); `settings`, `input` and
    `fold_batchnorm` are those of `load`, `options` batch, dtype, profile and count_inplace of
    `summarize`.

    `sample` draws so many of the points.  Of these only the rows are given that meet the conditions
    of `where` (``params <= 5M and macs <= 600M``), that no other beats in all of `pareto`, which is
    to be small, and of `maximize`, and the `top` first ones with the largest `by`.  Raises
    `SpecErrors` with everything that is wrong.
    """
    from shapecalc.analysis.sweep.choice import Wishes, must_go_together, read_choice
    from shapecalc.analysis.sweep.result import collect

    view = _view(options)
    wishes = Wishes(where, pareto, maximize, top, by)
    must_go_together(wishes)
    text = columns if isinstance(columns, str) or columns is None else ",".join(_texts(columns))
    plan = prepare(
        network,
        over,
        text,
        view,
        settings=settings,
        input=input,
        fold_batchnorm=fold_batchnorm,
        wishes=wishes,
        sample=(sample, seed) if sample else None,
    )
    return collect(plan, read_choice(wishes, plan))


def _view(options: Mapping[str, Any]) -> View:
    from shapecalc.output.options import make_view

    return make_view(**options)


def prepare(
    network: str | PathLike[str] | Graph,
    over: Mapping[str, Any] | Iterable[str] | str,
    columns: str | None,
    view: View,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    fold_batchnorm: bool = False,
    progress: Progress | None = None,
    wishes: Wishes | None = None,
    sample: tuple[int, int] | None = None,
    streamed: bool = False,
) -> Plan:
    """Plan a sweep.

    Arguments and errors are those of `sweep`; `progress` wraps what may take long.  `sample` is how
    many points are drawn, and the seed.  Of points whose rows are `streamed`, and never held
    together, there may be more.
    """
    from shapecalc.analysis.sweep.axes import ground
    from shapecalc.analysis.sweep.plan import MAX_POINTS, MAX_STREAMED, make_plan
    from shapecalc.api import as_asked, named, read
    from shapecalc.graph import Graph
    from shapecalc.spec.find import find
    from shapecalc.spec.ranges import read_ranges

    _must_be_ranges(over)
    ranges = read_ranges(_plain(over))
    if not ranges:
        raise TypeError("`over` names nothing to run through")
    values = {name: str(value) for name, value in (settings or {}).items()}
    inputs = {"": input} if isinstance(input, str) else dict(input or {})
    if isinstance(network, Graph):
        if settings or input:
            raise TypeError("settings and input belong to `load`: this network is loaded already")
        spec = as_asked(network, fold_batchnorm=fold_batchnorm).spec
        values, inputs = network.options  # type: ignore[assignment]
    else:
        spec = read(find(named(network), inputs=inputs), fold_batchnorm=fold_batchnorm)
    over_what = ground(spec, values, inputs, ranges)
    if wishes is not None:
        columns = wishes.columns(columns, [axis.name for axis in over_what.axes], view)
    most = MAX_STREAMED if streamed else MAX_POINTS
    return make_plan(over_what, columns, view, progress, sample, most)


def _texts(columns: Any) -> Iterable[str]:  # noqa: ANN401  (what Python hands over)
    """Return columns that are all texts.  Raises `TypeError`."""
    listed = list(columns) if hasattr(columns, "__iter__") else [columns]
    for column in listed:
        must_be_text(column, "a column", "macs")
    return listed


def _must_be_ranges(over: object) -> None:
    """Require what `sweep` can run through.  Raises `TypeError`, which says what is written."""
    takes = 'values by their names, like {"H": [32, 64]}'
    if not hasattr(over, "__iter__"):
        raise TypeError(f"`over` takes {takes}, not {type(over).__name__}")
    if isinstance(over, str):
        return
    if not hasattr(over, "items"):
        for text in over if isinstance(over, (list, tuple)) else ():
            must_be_text(text, "a range", "H=32:64")
        return
    for name, values in over.items():
        must_be_text(name, "a name", "H")
        if not hasattr(values, "__iter__") and not hasattr(values, "tolist"):
            raise TypeError(f"`over` takes {takes}, and of {name} not {type(values).__name__}")


def _plain(over: Mapping[str, Any] | Iterable[str] | str) -> Any:  # noqa: ANN401
    """Make ranges or lists of arrays."""
    if isinstance(over, str) or not hasattr(over, "items"):
        return over
    return {
        name: _listed(values.tolist()) if hasattr(values, "tolist") else values
        for name, values in over.items()
    }


def _listed(values: Any) -> Any:  # noqa: ANN401  (what an array holds)
    """Return a long list as a range, if it is one: lists are read value by value."""
    if not isinstance(values, list) or not all(type(value) is int for value in values[:2]):
        return values if isinstance(values, list) else [values]
    if len(values) > 1 and values[1] > values[0]:
        rising = range(values[0], values[-1] + 1, values[1] - values[0])
        if len(rising) == len(values) and list(rising) == values:
            return rising
    return values
