"""Model files: VGG-16 as one ONNX file with its weights inside, and long chains of nodes.

With `--saved` it is ResNet-50 as PyTorch and Keras save it, which takes both frameworks.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from chain import as_onnx, chain
from clock import SHAPECALC, Cost, python, run, table

if TYPE_CHECKING:
    from shapecalc.report import Report

LENGTHS = (1_000, 10_000, 100_000)
#: The runs of a length; the best counts, as whatever disturbs a run makes it longer.
TIMES = {1_000: 9, 10_000: 5, 100_000: 2}

LOAD = """
import onnx
onnx.shape_inference.infer_shapes(onnx.load('{file}'))
"""
TOOL = """
import onnx_tool
onnx_tool.model_profile('{file}')
"""

#: What writes ResNet-50, and what loads it again, to count its parameters.
SAVED = {
    "resnet50.pt2": (
        """
import torch, torchvision
net = torchvision.models.resnet50().eval()
torch.export.save(torch.export.export(net, (torch.zeros(1, 3, 224, 224),)), '{file}')
""",
        """
import torch
print(sum(array.numel() for array in torch.export.load('{file}').module().parameters()))
""",
    ),
    "resnet50.keras": (
        """
import keras
keras.applications.ResNet50(weights=None).save('{file}')
""",
        """
import keras
print(keras.models.load_model('{file}').count_params())
""",
    ),
}


def with_weights(report: Report) -> Any:  # noqa: ANN401
    """Write a network as an ONNX model whose weights, all zeros, are inside of it."""
    from onnx import TensorProto

    model = as_onnx(report)
    given = {row.name for row in report.rows if row.type == "input"}
    for value in [value for value in model.graph.input if value.name not in given]:
        dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        size = 4
        for n in dims:
            size *= n
        array = TensorProto(name=value.name, dims=dims, data_type=TensorProto.FLOAT)
        array.raw_data = bytes(size)
        model.graph.initializer.append(array)
        model.graph.input.remove(value)
    return model


def whole_processes(runs: int) -> None:
    """Run `summarize` on the spec and on the file in turn, and what else reads such a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "vgg16.onnx")
        # Elsewhere: a child's peak of memory begins at its parent's, so this one stays small.
        run((sys.executable, __file__, "--write", file))
        commands = {
            "summarize vgg16.yaml": (*SHAPECALC, "summarize", "vgg16"),
            "summarize vgg16.onnx": (*SHAPECALC, "summarize", file),
            "onnx.load, shape inference": python(LOAD.replace("{file}", file)),
            "onnx-tool": python(TOOL.replace("{file}", file)),
        }
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for number in range(runs):
            for name, command in commands.items():
                if number < 2 or name.startswith("summarize"):
                    costs[name].append(run(command))
        size = Path(file).stat().st_size / 1e6
    own = median(cost.processor for cost in costs["summarize vgg16.yaml"])
    print(f"vgg16.onnx of {size:,.0f} MB, median of {runs} runs (of 2 for others):\n")
    rows = [
        [
            name,
            f"{median(cost.seconds for cost in taken):.2f}",
            f"{median(cost.processor for cost in taken):.2f}",
            f"{median(cost.processor for cost in taken) / own:.2f}",
            f"{max(cost.megabytes for cost in taken):,.0f}",
        ]
        for name, taken in costs.items()
    ]
    table(["", "seconds", "processor", "x vgg16.yaml", "peak MB"], rows)


def saved_models(runs: int) -> None:
    """Run `summarize` on files of frameworks, in turn with the framework that loads them."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (write, load) in SAVED.items():
            file = str(Path(folder) / name)
            run(python(write.replace("{file}", file)))
            loading = python(load.replace("{file}", file))
            turns = [(run((*SHAPECALC, "summarize", file)), run(loading)) for _ in range(runs)]
            for own, command in enumerate([f"summarize {name}", f"{name} in its framework"]):
                costs = [turn[own] for turn in turns]
                by_clock = median(turn[own].seconds / turn[0].seconds for turn in turns)
                ratios = median(turn[own].processor / turn[0].processor for turn in turns)
                rows.append(
                    [
                        command,
                        f"{min(cost.seconds for cost in costs):.2f}",
                        f"{median(cost.seconds for cost in costs):.2f}",
                        f"{by_clock:.0f}",
                        f"{median(cost.processor for cost in costs):.2f}",
                        f"{ratios:.0f}",
                        f"{max(cost.megabytes for cost in costs):,.0f}",
                    ]
                )
    print(f"ResNet-50 as it was saved, whole processes, {runs} runs:\n")
    heads = ["", "least seconds", "seconds", "x summarize", "processor", "x summarize", "peak MB"]
    table(heads, rows)


def chains() -> None:
    """Read long chains from bytes, and compute them from the spec's data on."""
    from bench_layers import best

    from shapecalc.api import read
    from shapecalc.graph.expand import expand
    from shapecalc.readers import onnx
    from shapecalc.report.compute import compute_report

    rows = []
    for length in LENGTHS:
        graph = expand(read(chain(length)))
        reader = partial(
            onnx.read, "chain.onnx", as_onnx(compute_report(graph)).SerializeToString()
        )
        reading, computing = best(TIMES[length], reader, partial(compute_report, graph))
        rows.append(
            [
                f"{length:,}",
                f"{1e6 * reading / length:.1f}",
                f"{1e6 * computing / length:.1f}",
                f"{reading / computing:.2f}",
            ]
        )
    print("microseconds per node, the best of 9, 5 and 2 runs:\n")
    table(["nodes", "read", "propagate", "read / propagate"], rows)


def main() -> None:
    """Compare whole processes, then reading alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, help="runs of `summarize` (9)")
    parser.add_argument("--write", metavar="FILE", help="write VGG-16 as an ONNX file, no more")
    parser.add_argument(
        "--saved", action="store_true", help="of files of PyTorch and Keras instead"
    )
    options = parser.parse_args()
    if options.write:
        import onnx

        import shapecalc

        onnx.save(with_weights(shapecalc.summarize("vgg16")), options.write)
        return
    if options.saved:
        saved_models(options.runs)
        return
    whole_processes(options.runs)
    chains()


if __name__ == "__main__":
    main()
