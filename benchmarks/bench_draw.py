"""Pictures: a whole process beside `summarize`, ResNet-50 beside other tools, and 10,000 layers."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from clock import SHAPECALC, Cost, python, run, table

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Commands of ours on GoogLeNet, with what each writes.
OURS = {
    "draw, characters": ("draw", "googlenet"),
    "draw, SVG": ("draw", "googlenet", "--to", "svg"),
    "draw, SVG of volumes": ("draw", "googlenet", "--as", "volumes", "--to", "svg"),
    "draw, Mermaid": ("draw", "googlenet", "--to", "mermaid"),
    "page": ("page", "googlenet"),
}
KERAS = """
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras
model = keras.applications.ResNet50(weights=None)
"""
TORCH = """
import warnings
warnings.simplefilter("ignore")
import torchvision
model = torchvision.models.resnet50().eval()
"""


class Peer(NamedTuple):
    """A tool: the kind of its file, the model that it is given, and what its user writes."""

    name: str
    suffix: str
    model: str
    draw: str


PEERS = (
    Peer(
        "keras.utils.plot_model",
        "svg",
        KERAS,
        "keras.utils.plot_model(model, '{file}', show_shapes=True, show_layer_names=True)",
    ),
    Peer(
        "torchview",
        "svg",
        TORCH,
        "from torchview import draw_graph\n"
        "size = (1, 3, 224, 224)\n"
        "drawn = draw_graph(model, input_size=size, device='meta', expand_nested=True)\n"
        "drawn.visual_graph.render(outfile='{file}', cleanup=True)",
    ),
    Peer(
        "visualkeras, graph",
        "png",
        KERAS,
        "import visualkeras\nvisualkeras.graph_view(model, to_file='{file}')",
    ),
)
#: 10,000 layers in a repeat, as convolutional networks have them.
LONG = {
    "input": "32x32x16",
    "layers": [
        {
            "repeat": {
                "times": 2500,
                "layers": [
                    {"conv": {"filters": 16, "kernel": 3, "pad": 1}},
                    "batchnorm",
                    "relu",
                    "tanh",
                ],
            }
        }
    ],
}


def of_commands(runs: int) -> None:
    """Alternate every command with `summarize`, and print the ratios."""
    base = (*SHAPECALC, "summarize", "googlenet")
    costs: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in OURS}
    for number in range(runs + 1):
        for name, words in OURS.items():
            pair = run((*SHAPECALC, *words)), run(base)
            if number:  # the first round compiles and fills caches
                costs[name].append(pair)
    rows = []
    for name, pairs in costs.items():
        mine, theirs = (median(pair[at].processor for pair in pairs) for at in (0, 1))
        ratio = median(one.processor / other.processor for one, other in pairs)
        size = len(pairs[0][0].output.encode())
        rows.append([name, f"{1000 * mine:.0f} / {1000 * theirs:.0f}", f"{ratio:.2f}", f"{size:,}"])
    print(f"{runs} alternating runs, milliseconds of processor time, ours / `summarize`:\n")
    table(["", "median", "ratio", "bytes"], rows)


def of_peers(runs: int, folder: Path) -> None:
    """Draw ResNet-50 with every tool, in turn."""
    commands: dict[str, tuple[Path, Sequence[str]]] = {}
    for words in (("graph", "svg"), ("graph", "png"), ("volumes", "svg")):
        picture, suffix = words
        file = folder / f"{picture}.{suffix}"
        command = (*SHAPECALC, "draw", "resnet50", "--as", picture, "-o", str(file))
        commands[f"shapecalc, {picture}, {suffix}"] = file, command
    for number, peer in enumerate(PEERS):
        file = folder / f"peer{number}.{peer.suffix}"
        code = peer.model + peer.draw.replace("{file}", str(file))
        commands[f"{peer.name}, {peer.suffix}"] = file, python(code)
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, (_, command) in commands.items():
            costs[name].append(run(command))
    own = median(cost.processor for cost in costs["shapecalc, graph, svg"])
    print(f"ResNet-50, median of {runs} runs:\n")
    rows = []
    for name, each in costs.items():
        seconds, processor = (
            median(getattr(cost, which) for cost in each) for which in ("seconds", "processor")
        )
        size = commands[name][0].stat().st_size / 1000
        peak = max(cost.megabytes for cost in each)
        times = (f"{seconds:.2f}", f"{processor:.2f}", f"{processor / own:.1f}")
        rows.append([name, *times, f"{size:,.0f}", f"{peak:,.0f}"])
    table(["", "seconds", "processor", "x ours", "kB", "peak MB"], rows)


def of_many_layers() -> None:
    """Draw 10,000 layers, whose repeat is one block, and say what is answered to all of them."""
    import shapecalc
    from shapecalc.errors import SpecErrors

    report = shapecalc.summarize(LONG)
    start = process_time()
    text = report.draw().render("svg")
    seconds = process_time() - start
    print(f"{len(report.rows) - 1:,} layers, folded: {seconds:.2f} s, {len(text):,} bytes")
    start = process_time()
    try:
        report.draw(unroll=True).render("svg")
    except SpecErrors as errors:
        problem = errors.problems[0]
        print(f"unrolled: refused in {process_time() - start:.2f} s: {problem.message}")


def main() -> None:
    """Measure the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="alternations (15)")
    parser.add_argument("--peers", action="store_true", help="draw with other tools, too")
    words = parser.parse_args()
    of_commands(words.runs)
    of_many_layers()
    if words.peers:
        with tempfile.TemporaryDirectory() as folder:
            of_peers(3, Path(folder))


if __name__ == "__main__":
    main()
