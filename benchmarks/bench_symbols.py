"""Sides in closed form: our algebra beside SymPy on the same chains; symbolic reports."""

from __future__ import annotations

import argparse
from time import perf_counter
from typing import TYPE_CHECKING, Any

import sympy
from clock import table

import shapecalc
from shapecalc.algebra.expr import evaluate, symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.algebra import Dim

NETWORKS = ("alexnet", "vgg16", "resnet152")
REPORTS = ("alexnet", "vgg16", "resnet50", "resnet152")


def best(action: Callable[[], Any], runs: int) -> float:
    """Return the shortest of several runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return 1000 * min(times)


def chain(name: str) -> list[tuple[int, int, int]]:
    """List kernel, stride and whole padding of the windows from the input to the last volume."""
    return list(_backwards(shapecalc.summarize(name)))[::-1]


def _backwards(report: shapecalc.Report) -> Iterator[tuple[int, int, int]]:
    sided = [row for row in report.rows if row.output.sides]
    row = [row for row in sided if not row.type.startswith("global")][-1]  # those make it 1
    while row.sources:
        layer: Any = row.layer
        if hasattr(layer, "kernel"):
            (before, after), *_ = layer.pad.pairs
            kernel, stride = layer.kernel[0], (layer.stride or layer.kernel)[0]
            assert layer.rounding == "floor"
            yield kernel, stride, kernel - 1 if layer.pad.mode == "same" else before + after
        row = report[row.sources[0]]


def ours(windows: list[tuple[int, int, int]]) -> Dim:
    """Apply the windows to a symbol of ours."""
    n: Dim = symbol("H")
    for kernel, stride, pad in windows:
        n = (n + pad - kernel) // stride + 1
    return n


def theirs(windows: list[tuple[int, int, int]]) -> Any:  # noqa: ANN401
    """Apply them to a positive whole symbol of SymPy."""
    n = sympy.Symbol("H", integer=True, positive=True)
    for kernel, stride, pad in windows:
        n = sympy.floor((n + pad - kernel) / sympy.Integer(stride)) + 1
    return n


def fresh_ours(windows: list[tuple[int, int, int]]) -> str:
    """Compute and write, with nothing remembered from before."""
    from shapecalc.algebra import expr, relations

    for module in (expr, relations):
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    return str(ours(windows))


def fresh_theirs(windows: list[tuple[int, int, int]], *, simplify: bool) -> str:
    """Compute and write, with nothing remembered from before."""
    sympy.core.cache.clear_cache()
    found = theirs(windows)
    return str(sympy.simplify(found) if simplify else found)


def main() -> None:
    """Print the table of chains, and the one of reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each, the best counts (5)")
    runs = parser.parse_args().runs
    rows = []
    for name in NETWORKS:
        windows = chain(name)
        a, b = ours(windows), theirs(windows)
        for size in range(200, 800, 7):  # the same function, whatever it looks like
            value = evaluate(a, {"H": size})
            assert value == b.subs(dict.fromkeys(b.free_symbols, size)), (name, size)
        mine = best(lambda w=windows: fresh_ours(w), runs)  # type: ignore[misc]
        other = best(lambda w=windows: fresh_theirs(w, simplify=False), runs)  # type: ignore[misc]
        simple = best(lambda w=windows: fresh_theirs(w, simplify=True), 1)  # type: ignore[misc]
        lengths = len(str(a)), len(str(b)), len(str(sympy.simplify(b)))
        rows.append(
            [
                f"{name}, {len(windows)} windows",
                f"{mine:,.2f}",
                f"{other:,.2f}",
                f"{simple:,.0f}",
                f"{other / mine:,.1f}",
                " / ".join(map(str, lengths)),
            ]
        )
        print(f"{name}: {a}   SymPy: {b}\n")
    header = [
        "",
        "ours, ms",
        "SymPy, ms",
        "simplified, ms",
        "SymPy / ours",
        "characters of the three",
    ]
    table(header, rows)
    rows = []
    for name in REPORTS:
        numbers = best(lambda n=name: shapecalc.summarize(n), runs)  # type: ignore[misc]
        symbols = best(lambda n=name: shapecalc.summarize(n, input="HxWx3"), runs)  # type: ignore[misc]
        rows.append([name, f"{numbers:,.1f}", f"{symbols:,.1f}", f"{symbols / numbers:,.1f}"])
    table(["report", "of numbers, ms", "of symbols, ms", "ratio"], rows)


if __name__ == "__main__":
    main()
