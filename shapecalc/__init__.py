"""What a ConvNet's layers cost, from a short YAML spec.

    >>> import shapecalc
    >>> report = shapecalc.summarize("alexnet")
    >>> report.totals.params, report.totals.macs
    (62378344, 1135256096)
    >>> report["conv1"].output
    Map(sides=(55, 55), channels=96)

Names are imported when they are first used, so `import shapecalc` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from shapecalc.api import load, loads, summarize
    from shapecalc.backprop import training
    from shapecalc.comparison import Comparison, compare
    from shapecalc.errors import Problem, SpecErrors
    from shapecalc.graph.model import Graph
    from shapecalc.inverse.answer import Solution
    from shapecalc.inverse.asking import solve
    from shapecalc.inverse.windows import windows
    from shapecalc.layers.shape import Map, Vector
    from shapecalc.lesson import explain
    from shapecalc.lesson.nouns import Explanation
    from shapecalc.published import tables
    from shapecalc.reconciling import find_count, reconcile
    from shapecalc.report.model import Report, Row, Totals
    from shapecalc.spec.find import shipped
    from shapecalc.sweeping import sweep
    from shapecalc.sweeping.result import Sweep

_HOMES = {
    "Comparison": "comparison",
    "Explanation": "lesson.nouns",
    "Graph": "graph.model",
    "Map": "layers.shape",
    "Problem": "errors",
    "Report": "report.model",
    "Row": "report.model",
    "Solution": "inverse.answer",
    "SpecErrors": "errors",
    "Sweep": "sweeping.result",
    "Totals": "report.model",
    "Vector": "layers.shape",
    "compare": "comparison",
    "explain": "lesson",
    "find_count": "reconciling",
    "load": "api",
    "loads": "api",
    "reconcile": "reconciling",
    "shipped": "spec.find",
    "solve": "inverse.asking",
    "summarize": "api",
    "sweep": "sweeping",
    "tables": "published",
    "training": "backprop",
    "windows": "inverse.windows",
}

__all__ = [
    "Comparison",
    "Explanation",
    "Graph",
    "Map",
    "Problem",
    "Report",
    "Row",
    "Solution",
    "SpecErrors",
    "Sweep",
    "Totals",
    "Vector",
    "compare",
    "explain",
    "find_count",
    "load",
    "loads",
    "reconcile",
    "shipped",
    "solve",
    "summarize",
    "sweep",
    "tables",
    "training",
    "windows",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'shapecalc' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f"shapecalc.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
