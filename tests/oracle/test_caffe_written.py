"""Deploy files written for Caffe, run by OpenCV with our executor's weights: the same, layer by layer.

OpenCV up to 4.14 stands for Caffe, which nobody builds any more.
"""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need
from networks import small_networks
from small import small

import shapecalc
from shapecalc import reference as execute
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.spec.find import shipped
from shapecalc.writers.caffe import written
from shapecalc.writers.caffe_layers import SPELLINGS
from shapecalc.writers.site import Site, mean_counts
from tests.kinds import WINDOWED

if TYPE_CHECKING:
    from many import Found

    from shapecalc.report import Report

cv2 = need("cv2")
if not hasattr(cv2.dnn, "readNetFromCaffe"):
    pytest.skip("OpenCV reads Caffe's files up to 4.14", allow_module_level=True)

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
#: How near values must be, relative to the largest of an array: all flows in single precision.
NEAR = 1e-4
#: Layers of Caffe's that OpenCV does not know.
UNKNOWN = ("Bias", "Clip")
#: Types that become one of these alone, those of which OpenCV shows another part than the one that flows
#: on, or that are drawn without what they are cut to, and one that ends its process in some cases: the
#: shipped networks have it.
UNSEEN = frozenset({
    "relu6", "hard_sigmoid", "hard_swish", "clip", "hardtanh", "bias", "position_embedding", "slice",
    "crop", "transposed",
})  # fmt: skip


def can_be_run(report: Report) -> bool:
    """Tell whether a network is written, and of what OpenCV knows: images and vectors."""
    try:
        text = written(report).text
    except SpecErrors as error:
        if {problem.code for problem in error.problems} != {"E360"}:
            raise
        return False
    shapes = [shape for row in report.rows for shape in (*row.inputs, row.output)]
    if any(f'type: "{kind}"' in text for kind in UNKNOWN):
        return False
    return all(len(shape.sides) in (0, 2) for shape in shapes) and all(map(_is_known, report.rows))


def _is_known(row: Any) -> bool:
    """Tell whether OpenCV's windows are Caffe's: those of a pool that fit into its input and lie in it."""
    if row.type not in ("maxpool", "avgpool"):
        return True
    sides = row.inputs[0].sides
    kernel = row.layer.kernel * (2 if len(row.layer.kernel) == 1 else 1)
    counts = mean_counts(Site(row.layer, row.inputs, row.output))
    return all(map(all, counts)) and all(n >= k for n, k in zip(sides, kernel, strict=True))


def loaded(report: Report, arrays: Any) -> Any:
    """Let OpenCV read a network and its weights."""
    made = written(report, arrays)
    # the same in OpenCV's own words, which has no `round_mode`
    text = made.text.replace("round_mode: FLOOR", "ceil_mode: false")
    with tempfile.TemporaryDirectory() as folder:
        deploy, weights = Path(folder) / "n.prototxt", Path(folder) / "n.caffemodel"
        deploy.write_text(text)
        weights.write_bytes(b"".join(made.data))
        net = cv2.dnn.readNetFromCaffe(str(deploy), str(weights))
    net.enableFusion(False)
    return net


def unlike(report: Report, seed: int = 0) -> list[str]:
    """List what differs between our run of a network and that of its deploy file."""
    ours = execute.run(report, seed=seed, batch=1, dtype=np.float32, keep="all")
    net = loaded(report, ours.parameters)
    inputs = [row.name for row in report.rows if isinstance(row.layer, Input)]
    for name in inputs:
        net.setInput(ours.values[name], "data" if inputs == ["input"] else name)
    names = {*net.getLayerNames()}
    wrong = []
    for row in report.rows:
        if row.name in inputs:
            continue
        # what is written as several layers has its value behind the last
        last = next(name for end in ("_scale", "") if (name := f"{row.name}{end}") in names)
        if not same(ours.values[row.name], net.forward(last)):
            wrong.append(row.name)
    return wrong


def same(ours: Any, theirs: Any) -> bool:
    if ours.shape != theirs.shape:
        return False
    finite = np.isfinite(ours)
    if not (finite == np.isfinite(theirs)).all():
        return False
    gap = np.abs(np.where(finite, ours, 0) - np.where(finite, theirs, 0)).max(initial=0)
    return bool(gap <= NEAR * (1 + np.abs(ours[finite]).max(initial=0)))


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_networks_file_is_the_network(name: str) -> None:
    if not can_be_run(shapecalc.summarize(name)):
        pytest.skip("it is refused, or has a layer that OpenCV does not know")
    assert unlike(small(name)) == []


WORDS = tuple(word for word in SPELLINGS if word not in UNSEEN)


def set_up() -> Any:
    """Nothing has to be set."""
    return nullcontext()


def layer_tried(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> Found:
    report = answer(drawn[0], *drawn[1])
    return None if report is None else network_tried(report, seed)


def network_tried(report: Report, seed: int) -> Found:
    return unlike(report, seed) if can_be_run(report) else None


@pytest.mark.parametrize("word", WORDS)
def test_any_layers_file_is_the_layer(word: str) -> None:
    @settings(patient, max_examples=60 if word in WINDOWED else 25)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        found = layer_tried(drawn, seed)
        if found is None:
            reject()
        assert found == []

    holds()


@settings(patient, max_examples=40)
@given(report=small_networks(), seed=st.integers(0, 999))
def test_any_small_networks_file_is_the_network(report: Report, seed: int) -> None:
    found = network_tried(report, seed)
    if found is None:
        reject()
    assert found == []


NET = {"input": "7x9x3", "layers": ["conv3-5", "relu", {"dense": 4}]}


def test_a_wrong_layer_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unlike(shapecalc.summarize(NET)) == []
    monkeypatch.setitem(SPELLINGS, "relu", SPELLINGS["tanh"])
    assert unlike(shapecalc.summarize(NET)) == ["relu1", "fc1"]
