"""AlexNet and VGG-16 beside other tools: a whole process, a layer, and the peak of memory."""

from __future__ import annotations

import argparse
import sys
import tempfile
from statistics import median
from typing import NamedTuple

from clock import ROOT, SHAPECALC, Cost, python, run, table

#: Our spec -> torchvision's function.
NETWORKS = {"alexnet-owt": "alexnet", "vgg16": "vgg16"}


class Peer(NamedTuple):
    """A tool: what a user writes before the computation, and the computation."""

    name: str
    before: str
    compute: str


TORCH = """
import warnings
warnings.simplefilter("ignore")
import torch, torchvision
{imports}
model = torchvision.models.{model}().eval()
"""
PEERS = (
    Peer(
        "shapecalc, library",
        "from shapecalc import summarize",
        "summarize('{spec}')",
    ),
    Peer(
        "onnx shape inference",
        "import onnx",
        "onnx.shape_inference.infer_shapes(onnx.load('{file}'))",
    ),
    Peer(
        "onnx-tool",
        "import onnx_tool",
        "onnx_tool.model_profile('{file}')",
    ),
    Peer(
        "fvcore",
        TORCH.replace("{imports}", "from fvcore.nn import FlopCountAnalysis"),
        "FlopCountAnalysis(model, torch.zeros(1, 3, 224, 224)).total()",
    ),
    Peer(
        "torchinfo",
        TORCH.replace("{imports}", "import torchinfo"),
        "torchinfo.summary(model, (1, 3, 224, 224), verbose=0)",
    ),
)
TIMED = """
from time import perf_counter
start = perf_counter()
{compute}
print("computed in", perf_counter() - start)
"""


def peers(spec: str, file: str) -> dict[str, tuple[str, ...]]:
    """Return the command of every tool for one network."""
    found: dict[str, tuple[str, ...]] = {"shapecalc, command": (*SHAPECALC, "summarize", spec)}
    for peer in PEERS:
        code = peer.before + TIMED.replace("{compute}", peer.compute)
        for name, value in (("model", NETWORKS[spec]), ("spec", spec), ("file", file)):
            code = code.replace(f"{{{name}}}", value)
        found[peer.name] = python(code)
    return found


def computed(cost: Cost) -> float | None:
    """Return the seconds that the computation itself took, where the process told."""
    *_, last = cost.output.strip().rsplit("computed in ", 1)
    return float(last) if "computed in " in cost.output else None


def main() -> None:
    """Run every tool on both networks, in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of every tool (5)")
    runs = parser.parse_args().runs
    for spec in NETWORKS:
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            # Elsewhere: a child's peak of memory begins at its parent's, so this one stays small.
            write = (sys.executable, str(ROOT / "benchmarks" / "chain.py"), spec, file.name)
            layers = int(run(write).output)
            commands = peers(spec, file.name)
            costs: dict[str, list[Cost]] = {name: [] for name in commands}
            for _ in range(runs):
                for name, command in commands.items():
                    costs[name].append(run(command))
        own = median(cost.seconds for cost in costs["shapecalc, command"])
        print(f"{spec}, {layers} layers, median of {runs} runs:\n")
        rows = []
        for name, each in costs.items():
            seconds = median(cost.seconds for cost in each)
            inner = [value for value in map(computed, each) if value is not None]
            rows.append(
                [
                    name,
                    f"{seconds:.2f}",
                    f"{seconds / own:.1f}",
                    f"{1e6 * median(inner) / layers:,.0f}" if inner else "-",
                    f"{max(cost.megabytes for cost in each):,.0f}",
                ]
            )
        table(["", "seconds", "x ours", "microseconds per layer", "peak MB"], rows)


if __name__ == "__main__":
    main()
