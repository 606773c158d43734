"""Microseconds per layer on generated chains, beside ONNX's and ONNX Runtime's shape inference.

Processor time: everything here runs in one thread, and other work on the machine disturbs it less.
"""

from __future__ import annotations

import argparse
import gc
import warnings
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from chain import as_onnx, chain, check
from clock import python, run, table
from onnx import onnx_cpp2py_export

from shapecalc.api import read
from shapecalc.graph.expand import expand
from shapecalc.report.compute import compute_report
from shapecalc.spec.yaml_compose import compose

cpp = onnx_cpp2py_export.shape_inference

if TYPE_CHECKING:
    from collections.abc import Callable


OTHERS = ("ONNX", "ONNX, bytes", "ORT symbolic")
LENGTHS = (1_000, 10_000, 100_000)
#: The runs of a length; the best counts, as whatever disturbs a run makes it longer.
TIMES = {1_000: 15, 10_000: 5, 100_000: 3}


def best(times: int, *steps: Callable[[], object]) -> list[float]:
    """Run the steps in turn, so many times; return each one's best seconds."""
    found = [float("inf")] * len(steps)
    for _ in range(times):
        for number, step in enumerate(steps):
            gc.collect()
            start = process_time()
            kept = step()
            found[number] = min(found[number], process_time() - start)
            del kept
    return found


def symbolic(model: object) -> object:
    """Let ONNX Runtime infer the shapes as expressions."""
    from onnxruntime.tools.symbolic_shape_infer import SymbolicShapeInference

    return SymbolicShapeInference.infer_shapes(model)


class Measured(NamedTuple):
    """Microseconds per layer of a chain."""

    compose: float
    read: float
    expand: float
    propagate: float
    infer_shapes: float
    """`onnx.shape_inference.infer_shapes`, as users call it: from model to model."""
    infer_bytes: float
    """The same from bytes to bytes, all in C++."""
    symbolic: float
    """ONNX Runtime's symbolic inference, of the shortest chain only."""

    @property
    def whole(self) -> float:
        """From text to report."""
        return self.read + self.expand + self.propagate


def measure(layers: int, *, symbolically: bool) -> Measured:
    """Run every step on a chain of so many layers."""
    from onnx import load_from_string, shape_inference

    source = chain(layers)
    spec = read(source)
    graph = expand(spec)
    report = compute_report(graph)
    model = as_onnx(report)
    data = model.SerializeToString()
    check(load_from_string(cpp.infer_shapes(data, False, False, False)), report)
    steps: list[Callable[[], object]] = [
        lambda: compose(source),
        lambda: read(source),
        lambda: expand(spec),
        lambda: compute_report(graph),
        lambda: shape_inference.infer_shapes(model),
        lambda: cpp.infer_shapes(data, False, False, False),
    ]
    found = best(TIMES[layers], *steps)
    found += best(2, lambda: symbolic(model)) if symbolically else [float("nan")]
    return Measured(*(1e6 * seconds / layers for seconds in found))


def main() -> None:
    """Measure every length, and print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--longest", type=int, default=LENGTHS[-1], help="stop after so many layers"
    )
    longest = parser.parse_args().longest
    warnings.simplefilter("ignore")
    lengths = [layers for layers in LENGTHS if layers <= longest]
    measured = {layers: measure(layers, symbolically=layers == lengths[0]) for layers in lengths}
    start = min(run(python("pass")).processor for _ in range(20))
    print(f"microseconds per layer (`python -c pass` takes {1000 * start:.0f} ms):\n")
    table(
        ["layers", "compose", "read", "expand", "propagate", "text to report", *OTHERS],
        [
            [f"{layers:,}", *map(text, (*each[:4], each.whole, *each[4:]))]
            for layers, each in measured.items()
        ],
    )
    first = measured[lengths[0]]
    print("ratios:\n")
    table(
        ["layers", *(f"propagate / {other}" for other in OTHERS), "text to report / at 1,000"],
        [
            [
                f"{layers:,}",
                *(text(each.propagate / other) for other in each[4:]),
                text(each.whole / first.whole),
            ]
            for layers, each in measured.items()
        ],
    )
    print("limits: propagate / ONNX 4 (aim 2); text to report 200 microseconds, and linear.")


def text(number: float) -> str:
    """Write three digits, or a dash for what was not measured."""
    return "-" if number != number else f"{number:#.3g}".rstrip(".")  # noqa: PLR0124  (NaN)


if __name__ == "__main__":
    main()
