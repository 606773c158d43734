"""A million sizes of AlexNet: one evaluation of formulas, beside a propagation for each point.

With `--peers` also beside loops over what other tools say of a size, which takes the extra `bench`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from clock import python, run, table

import shapecalc
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.result import Stream
from shapecalc.output.formats import parts
from shapecalc.output.view import View

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = str(Path(__file__).parent)
LOW, HIGH = 67, 1_000_066  # AlexNet exists from 67 on
ONE_BY_ONE = 1000
TOTALS = (
    "weights,biases,params,buffers,connections,macs,flops,activations,memory,peak,peak_memory,"
    "parameter_memory"
)

TORCH = """
import logging, torch, torchvision
logging.disable()
{imports}
with torch.device("{device}"):
    model = torchvision.models.alexnet().eval()
"""
#: A tool: how many sizes it is asked for, what stands before the loop, and what of a size.
PEERS = {
    "torchinfo, on meta tensors": (
        40,
        TORCH.format(imports="import torchinfo", device="meta"),
        "torchinfo.summary(model, (1, 3, n, n), device='meta', verbose=0)",
    ),
    "fvcore, on the processor": (  # its trace of meta tensors fails, with PyTorch 2.13
        8,
        TORCH.format(imports="from fvcore.nn import FlopCountAnalysis", device="cpu"),
        "FlopCountAnalysis(model, torch.zeros(1, 3, n, n)).total()",
    ),
    "onnx.shape_inference": (
        200,
        f"""
import onnx, shapecalc, sys
sys.path.insert(0, {HERE!r})
from chain import as_onnx
model = as_onnx(shapecalc.summarize("alexnet"))
sides = model.graph.input[0].type.tensor_type.shape.dim[2:]
def infer(n):
    for side in sides:
        side.dim_value = n
    onnx.shape_inference.infer_shapes(model)
""",
        "infer(n)",
    ),
}
LOOP = """
from time import perf_counter
def loop(sizes):
    start = perf_counter()
    for n in sizes:
        {one}
    return perf_counter() - start
loop(range(224, 226))
print("computed in", loop(range(200, 200 + {points})))
"""


def by_peers(sweep: float) -> None:
    """Let other tools compute sizes one by one, in processes of their own."""
    rows = []
    for name, (points, before, one) in PEERS.items():
        output = run(python(before + LOOP.format(one=one, points=points))).output
        each = float(output.rsplit("computed in ", 1)[1]) / points
        million = 1_000_000 * each
        rows.append([name, f"{1000 * each:,.2f}", f"{million:,.0f}", f"{million / sweep:,.0f}"])
    print("the same by loops over other tools:\n")
    table(["", "ms a size", "seconds a million", "x sweep"], rows)


def seconds(action: Callable[[], object], runs: int) -> float:
    """Return the median of several runs."""
    times = []
    for _ in range(runs):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    """Measure both ways in one run, compare what they give, and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="runs of each (7)")
    parser.add_argument("--peers", action="store_true", help="other tools' loops, too")
    given = parser.parse_args()
    runs = given.runs
    graph = shapecalc.load("alexnet")
    sizes = range(LOW, HIGH + 1)
    sample = range(LOW, LOW + ONE_BY_ONE)
    swept = shapecalc.sweep(graph, {"N": sizes}, columns=TOTALS)
    assert len(swept) == 1_000_000
    assert swept.exists.all()
    for row, size in enumerate(sample):
        if row % 97 == 0:
            totals = shapecalc.summarize("alexnet", input=f"{size}x{size}x3").totals
            assert swept["macs"][row] == totals.macs
            assert swept["peak_activations"][row] == totals.peak

    def points() -> None:
        for size in sample:
            shapecalc.summarize("alexnet", input=f"{size}x{size}x3")

    def wired() -> None:  # the spec read once, as a loop in a program would do it
        symbolic = shapecalc.summarize("alexnet", input="NxNx3")
        for size in sample:
            symbolic.at(N=size)

    def written() -> None:
        for _ in parts(Stream(prepare(graph, {"N": sizes}, TOTALS, View())), "csv"):
            pass

    vectorised = seconds(lambda: shapecalc.sweep(graph, {"N": sizes}, columns=TOTALS), runs)
    by_point = seconds(points, 3) * len(sizes) / ONE_BY_ONE
    by_wire = seconds(wired, 3) * len(sizes) / ONE_BY_ONE
    csv = seconds(written, 3)
    print(f"1,000,000 sizes of AlexNet, {len(TOTALS.split(','))} totals, median of {runs} runs:\n")
    rows = [
        ("sweep", vectorised, "1.0"),
        ("sweep, written as CSV", csv, f"{csv / vectorised:,.1f}"),
        ("wired and propagated, point by point", by_wire, f"{by_wire / vectorised:,.0f}"),
        ("read, wired and propagated, point by point", by_point, f"{by_point / vectorised:,.0f}"),
    ]
    table(["", "seconds", "x sweep"], [(name, f"{time:,.2f}", ratio) for name, time, ratio in rows])
    if given.peers:
        by_peers(vectorised)


if __name__ == "__main__":
    main()
