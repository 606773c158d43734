"""Whole networks forward: the referee beside PyTorch, its bare matrix products, and ONNX's referee.

Batch 1, float32, two threads.  Every tool runs in processes of its own, in turn: a warm-up, then
some forward passes that it times itself.
"""

from __future__ import annotations

import argparse
import os
import sys
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from clock import ROOT, run, table

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORKS = ("vgg16", "alexnet", "googlenet", "resnet50")
#: The forward passes that a process times; ONNX's takes seconds for one.
PASSES = {"ours": 5, "PyTorch": 5, "products": 5, "ONNX": 1}
THREADS = 2


def ours(name: str) -> Callable[[], object]:
    """Prepare a forward pass of the referee, with random weights."""
    import shapecalc
    from shapecalc import reference as execute

    graph = shapecalc.load(name)
    drawn = execute.run(graph, keep=["input"])
    inputs, weights = {"input": drawn.values["input"]}, drawn.parameters
    return lambda: execute.run(graph, inputs, weights)


def products(name: str) -> Callable[[], object]:
    """Prepare the matrix products alone that such a pass consists of."""
    import numpy as np

    import shapecalc
    from shapecalc import reference as execute

    report = shapecalc.summarize(name)
    with execute.recorded() as done:
        execute.run(report.graph)
    assert sum(product.macs for product in done) == report.totals.macs
    random = np.random.default_rng(0)
    operands = {
        each: (
            random.random((each.times, each.rows, each.inner), np.float32),
            random.random((each.times, each.inner, each.columns), np.float32),
            np.empty((each.times, each.rows, each.columns), np.float32),
        )
        for each in set(done)
    }

    def multiply() -> None:
        for each in done:
            a, b, out = operands[each]
            np.matmul(a, b, out=out)

    return multiply


def pytorch(name: str) -> Callable[[], object]:
    """Prepare a pass of the same network in PyTorch's eager mode, rectifiers in place."""
    sys.path.insert(0, str(ROOT / "tests" / "oracle"))
    import torch
    import twin_others
    import twin_windows
    from twin import twin

    import shapecalc

    assert twin_others
    assert twin_windows
    torch.set_num_threads(THREADS)
    report = shapecalc.summarize(name)
    nodes = list(zip(report.rows, report.graph.nodes, strict=True))[1:]
    outputs = [torch.rand(1, report.rows[0].output.channels, *report.rows[0].output.sides)]
    x, modules = outputs[0].clone(), []
    with torch.no_grad():
        for row, node in nodes:
            inputs = [outputs[index] for index in node.inputs]
            module = twin(row.layer, *inputs).eval()
            if isinstance(module, torch.nn.ReLU):
                module.inplace = True
            modules.append(module)
            outputs.append(module(*inputs))
    last = {index: place for place, (_, node) in enumerate(nodes) for index in node.inputs}

    def forward() -> object:
        values = {0: x.clone()}
        with torch.inference_mode():
            for place, ((_, node), module) in enumerate(zip(nodes, modules, strict=True)):
                values[place + 1] = module(*(values[index] for index in node.inputs))
                for index in set(node.inputs):
                    if last[index] == place:
                        del values[index]
        return values

    return forward


def onnx(name: str) -> Callable[[], object]:
    """Prepare a pass of ONNX's reference evaluator."""
    from chain import as_onnx
    from onnx.reference import ReferenceEvaluator

    import shapecalc
    from shapecalc import reference as execute

    report = shapecalc.summarize(name)
    drawn = execute.run(report.graph, keep=["input"])
    given = {"input": drawn.values["input"]} | {
        f"{row.name}_{each.name}": drawn.arrays[row.name][each.name]
        for row in report.rows
        for each in row.parameters
    }
    evaluator = ReferenceEvaluator(as_onnx(report))
    return lambda: evaluator.run(None, given)


TOOLS: dict[str, Callable[[str], Callable[[], object]]] = {
    "ours": ours,
    "PyTorch": pytorch,
    "products": products,
    "ONNX": onnx,
}


def timed(tool: str, name: str) -> list[float]:
    """Prepare a tool, warm it up, and time its passes."""
    forward = TOOLS[tool](name)
    if tool != "ONNX":
        forward()
    found = []
    for _ in range(PASSES[tool]):
        start = perf_counter()
        kept = forward()
        found.append(perf_counter() - start)
        del kept
    return found


def measure(name: str, runs: int, tools: list[str]) -> dict[str, tuple[list[float], float]]:
    """Run the tools in turn; return each one's seconds, and its peak of memory in MB."""
    seconds: dict[str, list[float]] = {tool: [] for tool in tools}
    peaks = dict.fromkeys(tools, 0.0)
    for number in range(runs):
        for tool in tools:
            if tool == "ONNX" and number:
                continue
            cost = run((sys.executable, __file__, "--tool", tool, name))
            seconds[tool] += map(float, cost.output.split())
            peaks[tool] = max(peaks[tool], cost.megabytes)
    return {tool: (seconds[tool], peaks[tool]) for tool in tools}


def main() -> None:
    """Measure every network, and print milliseconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="processes of every tool (5)")
    parser.add_argument("--onnx", action="store_true", help="ONNX's reference evaluator as well")
    parser.add_argument("--tool", choices=TOOLS, help=argparse.SUPPRESS)
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    options = parser.parse_args()
    os.environ |= {"OPENBLAS_NUM_THREADS": str(THREADS), "OMP_NUM_THREADS": str(THREADS)}
    if options.tool:
        print(*timed(options.tool, options.networks[0]))
        return
    tools = [tool for tool in TOOLS if tool != "ONNX" or options.onnx]
    rows = []
    for name in options.networks:
        found = measure(name, options.runs, tools)
        middle = {tool: median(each) for tool, (each, _) in found.items()}
        best = {tool: min(each) for tool, (each, _) in found.items()}
        rows.append(
            [
                name,
                *(f"{1000 * middle[tool]:,.0f}" for tool in tools),
                f"{middle['ours'] / middle['PyTorch']:.2f}",
                f"{best['ours'] / best['PyTorch']:.2f}",
                f"{middle['ours'] / middle['products']:.2f}",
                *([f"{middle['ours'] / middle['ONNX']:.3f}"] if options.onnx else []),
                f"{found['ours'][1]:,.0f}",
                f"{found['PyTorch'][1]:,.0f}",
            ]
        )
    print(f"milliseconds, median of {options.runs} x {PASSES['ours']} passes; ratios of ours:\n")
    table(
        [
            "",
            *tools,
            "/ PyTorch",
            "of min",
            "/ products",
            *(["/ ONNX"] if options.onnx else []),
            "peak MB",
            "PyTorch's",
        ],
        rows,
    )
    print("limits: / PyTorch 1, ResNet-50 1.15; peak of VGG-16 1,500 MB; aim: / products 1.25.")


if __name__ == "__main__":
    main()
