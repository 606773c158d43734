"""What a ConvNet's layers cost, from a short YAML spec.

    >>> import shapecalc
    >>> report = shapecalc.summarize("alexnet")
    >>> report.totals.params, report.totals.macs
    (62378344, 1135256096)
    >>> report["conv1"].output
    Map(sides=(55, 55), channels=96)

Names are imported when they are first used, so `import shapecalc` costs nothing.

The rooms, from the ground up; each uses those before it:

    text        texts, places and words     counting   measures, and what tools count
    algebra     numbers with symbols        reference  the referee: layers run in NumPy
    layers      the rules of every layer    output     tables, pages and data in all formats
    readers     model files to spec data    writers    a spec to what other programs read
    spec        YAML to a spec              verify     a report beside a run of its network
    graph       a spec to a graph           analysis   what else can be asked, a folder a command
    report      a graph to a report         homework   sheets, checks, classes
    api         from a name to a report     cli        the command line
"""

from __future__ import annotations

__version__ = "0.1.0"

TYPE_CHECKING = False  # as `typing` has it, which takes long enough to be interrupted
if TYPE_CHECKING:
    from shapecalc.analysis.compare import Comparison, compare
    from shapecalc.analysis.explain import explain
    from shapecalc.analysis.explain.model import Explanation
    from shapecalc.analysis.reconcile import find_count, reconcile
    from shapecalc.analysis.solve.answer import Solution
    from shapecalc.analysis.solve.solve import solve
    from shapecalc.analysis.solve.windows import windows_between
    from shapecalc.analysis.sweep import sweep
    from shapecalc.analysis.sweep.result import Sweep
    from shapecalc.analysis.tables import published_tables
    from shapecalc.analysis.training import training_cost
    from shapecalc.api import from_keras, from_torch, load, loads, summarize
    from shapecalc.cli.homework_notebook import Shell
    from shapecalc.errors import Problem, SpecErrors
    from shapecalc.graph import Graph
    from shapecalc.graph.deploy import fold_batchnorm
    from shapecalc.homework.api import check
    from shapecalc.layers.shape import Map, Vector
    from shapecalc.reference.run import run
    from shapecalc.report import Report, Row, Totals
    from shapecalc.spec.find import shipped
    from shapecalc.spec.language import json_schema
    from shapecalc.verify.judge import verify

_HOMES = {
    "Comparison": "analysis.compare",
    "Explanation": "analysis.explain.model",
    "Graph": "graph",
    "Map": "layers.shape",
    "Problem": "errors",
    "Report": "report",
    "Row": "report",
    "Solution": "analysis.solve.answer",
    "SpecErrors": "errors",
    "Sweep": "analysis.sweep.result",
    "Totals": "report",
    "Vector": "layers.shape",
    "check": "homework.api",
    "compare": "analysis.compare",
    "explain": "analysis.explain",
    "find_count": "analysis.reconcile",
    "fold_batchnorm": "graph.deploy",
    "from_keras": "api",
    "from_torch": "api",
    "json_schema": "spec.language",
    "load": "api",
    "loads": "api",
    "published_tables": "analysis.tables",
    "reconcile": "analysis.reconcile",
    "run": "reference.run",
    "shipped": "spec.find",
    "solve": "analysis.solve.solve",
    "summarize": "api",
    "sweep": "analysis.sweep",
    "training_cost": "analysis.training",
    "verify": "verify",
    "windows_between": "analysis.solve.windows",
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
    "check",
    "compare",
    "explain",
    "find_count",
    "fold_batchnorm",
    "from_keras",
    "from_torch",
    "json_schema",
    "load",
    "loads",
    "published_tables",
    "reconcile",
    "run",
    "shipped",
    "solve",
    "summarize",
    "sweep",
    "training_cost",
    "verify",
    "windows_between",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'shapecalc' has no attribute '{name}'")
    import gc
    from importlib import import_module

    collecting = gc.isenabled()
    gc.disable()  # what modules are made of stays: to look for garbage in it would be for nothing
    try:
        home = import_module(f"shapecalc.{_HOMES[name]}")
    finally:
        if collecting:
            gc.enable()
    return home if name == "verify" else getattr(home, name)  # a room that can be called


def load_ipython_extension(shell: Shell) -> None:
    """Give a notebook the word `%%homework`: what `%load_ext shapecalc` does."""
    from shapecalc.cli.homework_notebook import load

    load(shell)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
