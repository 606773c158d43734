"""Whole explanations, as a reader gets them.

`SHAPECALC_REGENERATE=1 pytest tests/analysis/explain/test_golden.py` writes the golden files anew; read the
difference, every word of it, before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shapecalc import explain
from shapecalc.analysis.explain import TOPICS
from shapecalc.report.compute import compute_report
from tests.analysis.explain.support import report
from tests.paths import NETWORKS

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
SIDES = "output,what-if"

#: File -> network, layer, topics, input.
LESSONS: dict[str, tuple[str, str | None, str | None, str | None]] = {
    "alexnet-conv1.txt": ("alexnet", "conv1", None, None),
    "alexnet-conv1.md": ("alexnet", "conv1", None, None),
    "alexnet-conv1.html": ("alexnet", "conv1", None, None),
    "alexnet-conv1.tex": ("alexnet", "conv1", None, None),
    "alexnet-conv1.json": ("alexnet", "conv1", None, None),
    "alexnet-conv1.csv": ("alexnet", "conv1", None, None),
    "alexnet-params.csv": ("alexnet", None, "params", None),
    "alexnet-conv1-224.txt": ("alexnet", "conv1", None, "224x224x3"),
    "alexnet-2012-conv2.txt": ("alexnet-2012", "conv2", None, None),
    "alexnet-pool3-field.txt": ("alexnet", "pool3", "receptive-field", None),
    "alexnet-norm1.txt": ("alexnet", "norm1", None, None),
    "alexnet-fc6.txt": (
        "alexnet",
        "fc6",
        "output,params,macs,memory,receptive-field,what-if",
        None,
    ),
    "alexnet-relu1-memory.txt": ("alexnet", "relu1", "memory", None),
    "alexnet-input.txt": ("alexnet", "input", None, None),
    "alexnet.txt": ("alexnet", None, None, None),
    "alexnet.md": ("alexnet", None, None, None),
    "alexnet-params.txt": ("alexnet", None, "params", None),
    "alexnet-macs.html": ("alexnet", None, "macs", None),
    "vgg16-conv1_1.txt": ("vgg16", "conv1_1", SIDES, None),
    "googlenet-pool1.txt": ("googlenet", "pool1", SIDES, None),
    "googlenet-reduce.txt": ("googlenet", "inception_3a/3x3/reduce", None, None),
    "googlenet-concat.txt": (
        "googlenet",
        "inception_3a/concat1",
        "output,params,macs,receptive-field",
        None,
    ),
    "googlenet-inception_3a.txt": ("googlenet", "inception_3a", None, None),
    "googlenet-field.txt": ("googlenet", None, "receptive-field", None),
    "resnet50-shortcut.txt": ("resnet50", "conv3_x/bottleneck1/shortcut/conv1", None, None),
    "resnet50-bn1.txt": ("resnet50", "bn1", None, None),
    "resnet50-add.txt": ("resnet50", "conv3_x/bottleneck1/add1", "output,macs", None),
    "lenet5-1998-C3.txt": ("lenet5-1998", "C3", None, None),
    "lenet5-1998-S2.txt": ("lenet5-1998", "S2", None, None),
    "lenet5-1998-OUTPUT.txt": ("lenet5-1998", "OUTPUT", "params,macs", None),
    "padding-same-conv1.txt": ("padding-same", "conv1", SIDES, None),
    "padding-valid-conv1.txt": ("padding-valid", "conv1", SIDES, None),
    "unet-transposed1.txt": ("unet", "transposed1", None, None),
    "unet-crop.txt": ("unet", "crop1", "output,receptive-field", None),
    "siamese-shared.txt": ("siamese", "right_twin/conv2", "params,macs", None),
    "siamese-twin.txt": ("siamese", "right_twin", "params", None),
    "alexnet-conv1-gradient.txt": ("alexnet", "conv1", "gradient", None),
    "alexnet-conv1-gradient.md": ("alexnet", "conv1", "gradient", None),
    "alexnet-conv1-gradient.html": ("alexnet", "conv1", "gradient", None),
    "alexnet-conv1-gradient.json": ("alexnet", "conv1", "gradient", None),
    "alexnet-pool1-gradient.txt": ("alexnet", "pool1", "gradient", None),
    "alexnet-fc6-gradient.txt": ("alexnet", "fc6", "gradient", None),
    "alexnet-norm1-gradient.txt": ("alexnet", "norm1", "gradient", None),
    "googlenet-concat-gradient.txt": ("googlenet", "inception_3a/concat1", "gradient", None),
    "googlenet-block-gradient.txt": ("googlenet", "inception_3a", "gradient", None),
    "resnet50-bn1-gradient.txt": ("resnet50", "bn1", "gradient", None),
    "lenet5-1998-C3-gradient.txt": ("lenet5-1998", "C3", "gradient", None),
    "unet-transposed1-gradient.txt": ("unet", "transposed1", "gradient", None),
    "symbols-alexnet-gradient.txt": ("alexnet", "conv1", "gradient", "HxWx3"),
    "symbols-alexnet.txt": ("alexnet", None, "output,params,macs", "HxWx3"),
    "symbols-alexnet-conv1.json": ("alexnet", "conv1", "output,macs", "HxWx3"),
    "symbols-vgg16-pool5.txt": ("vgg16", "pool5", SIDES, "HxWx3"),
    "symbols-vgg16-fc6-macs.md": ("vgg16", "fc6", "params,macs", "HxWx3"),
    "symbols-vgg16-fc6.md": ("vgg16", "fc6", SIDES, "HxWx3"),
    "symbols-unet.txt": ("unet", None, None, "HxWx1"),
    "symbols-unet-transposed1.txt": ("unet", "transposed1", SIDES, "HxWx1"),
}

#: Layers that no network above has.
ALONE = {
    "upsample": "input: 5x7x3\nlayers: [conv3-4, {upsample: {factor: 2, mode: bilinear}}]",
    "separable": "input: 9x7x4\nlayers: [separable: {filters: 3, kernel: [3, 2], multiplier: 5, pad: same, stride: 2}]",
    "depthwise": "input: 7x9x4\nlayers: [depthwise: {kernel: 3, multiplier: 5, bias: per_position}]",
    "clipped": "input: 7x7x4\nlayers: [maxpool: {kernel: 2, stride: 3, pad: 1, rounding: ceil}]",
    "dilated": "input: 17x17x4\nlayers: [conv: {filters: 2, kernel: 3, stride: 3, dilation: 2}]",
    "checkerboard": "input: 5x5x4\nlayers: [transposed: {filters: 2, kernel: 3, stride: 2, pad: 1, output_padding: 1}]",
    "adaptive": "input: 7x9x4\nlayers: [adaptive_avgpool: 2x6]",
    "gate": "input: 7x9x4\nlayers: [multiply: {flow: [], gate: [global_avgpool, sigmoid]}]",
    "signal": "input: 100x3\nlayers: [conv: {filters: 4, kernel: 5, stride: 3}]",
    "symbols-adaptive": "input: HxWx4\nlayers: [adaptive_avgpool: 2x6]",
    "symbols-conv": "input: 40x41x3\nlet: {p: free, q: free}\nlayers: [conv: {filters: 2, kernel: q, pad: p}]",
    "symbols-stride": "input: mxmx3\nlet: {k: free, p: free, s: free, n: free}\nlayers: [conv: {filters: n, kernel: k, stride: s, pad: p}]",
    "symbols-pool": "input: NxNx4\nlet: {k: free}\nlayers: [maxpool: k]",
    "symbols-filters": "input: 7x9x4\nlet: {k: free}\nlayers: [conv: {filters: k, kernel: 3}]",
    "volume": "input: 8x9x11x3\nlayers: [conv: {filters: 4, kernel: 3, pad: 1}]",
}
ALL = "output,params,macs,receptive-field,what-if"


def compare(path: Path, text: str) -> None:
    if REGENERATE:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())
    assert path.read_bytes() == text.encode()


def format_of(file: str) -> str:
    suffix = file.split(".")[1]
    return {"txt": "text", "md": "markdown", "tex": "latex"}.get(suffix, suffix)


@pytest.mark.parametrize("file", LESSONS)
def test_lesson_is_as_the_golden_file_has_it(file: str) -> None:
    name, layer, of, shape = LESSONS[file]
    found = report(name, **({"input": shape} if shape else {}))
    if (NETWORKS / f"{name}.yaml").exists():  # its path is this machine's
        spec = found.graph.spec
        spec = spec._replace(source=spec.source._replace(name=f"{name}.yaml"))
        found = compute_report(found.graph._replace(spec=spec))
    compare(GOLDEN / file, explain(found, layer, of).render(format_of(file)))


@pytest.mark.parametrize("name", ALONE)
def test_lesson_of_one_layer_is_as_the_golden_file_has_it(name: str) -> None:
    from tests.analysis.explain.support import of_text

    found = of_text(ALONE[name])
    compare(GOLDEN / f"{name}.txt", explain(found, found.rows[-1].name, ALL).render())


def files() -> set[str]:
    return {*LESSONS, *(f"{name}.txt" for name in ALONE)}


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_has_a_golden_file(topic: str) -> None:
    asked = [of for _, _, of, _ in LESSONS.values() if of is not None]
    assert any(topic in of.split(",") for of in asked), f"no golden file explains {topic}"


def test_golden_files_all_have_a_test() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == files()


@pytest.mark.parametrize("file", sorted(files()))
def test_output_ends_its_last_line_and_has_no_trailing_spaces(file: str) -> None:
    text = (GOLDEN / file).read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not [line for line in text.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("file", sorted(file for file in files() if file.endswith(".txt")))
def test_lessons_keep_to_eighty_columns(file: str) -> None:
    lines = (GOLDEN / file).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 80] == []
