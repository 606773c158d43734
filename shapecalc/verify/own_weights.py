"""A model file's own weights in a run, and ONNX Runtime's numbers beside ours."""

from __future__ import annotations

import mmap
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.errors import Problem, SpecErrors
from shapecalc.readers import HEAD, model_file
from shapecalc.readers.onnx import walked
from shapecalc.readers.open_sizes import GivenSizes
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.text.words import counted, listed_briefly
from shapecalc.verify.onnx_weights import OnnxWeights
from shapecalc.verify.run_files import LISTED, expected, unsound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.run import Run
    from shapecalc.report import Report

#: So far apart two sums of float32 may lie, in parts of the largest number of an output.
TOLERANCE = 1e-4
#: Of a message of ONNX Runtime's so much is shown.
_LONGEST = 200


class OwnWeights(NamedTuple):
    """The arrays that a file has for its network, and why it has none for others."""

    path: str
    file: OnnxWeights
    arrays: dict[str, Any]
    missing: dict[str, str]

    def words(self, seed: int) -> str:
        """Say what the network is run with."""
        name = one_line(Path(self.path).name)
        if not self.missing:
            return f"the weights of {name}"
        why = next(iter(self.missing.values()))
        if not self.arrays:
            return f"random weights, seed {seed}, as of those of {name} is known: {why}"
        return (
            f"the weights of {name}, and random ones, seed {seed}, for"
            f" {counted(len(self.missing), 'array')} ({listed_briefly([*self.missing], LISTED)}:"
            f" {why})"
        )


class RuntimeOutcome(NamedTuple):
    """ONNX Runtime's outputs beside ours: the largest difference, and what is to be said of it.

    `outcome` is as a law's: nothing, a disagreement, or None where there is none to judge, and then
    `why` says so.
    """

    version: str
    difference: float | None
    largest: float | None
    outcome: str | None
    why: str = ""


def own_weights(report: Report) -> OwnWeights | None:
    """Read the weights of the ONNX file that a report is of; None where it is of none.

    Of a network as deployed there are none, as its arrays are not the file's.

    Raises `SpecErrors` for a damaged file (E009), and for numbers that are no weights (E502).
    """
    spec = report.graph.spec
    path = spec.source.name
    if spec.deployed or spec.source.tree is None or not Path(path).is_file():
        return None
    with Path(path).open("rb") as file:
        kind = model_file(path, file.read(HEAD))
        if kind is None or kind.reader != "onnx":
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            walk, _ = walked(path, data, GivenSizes(path, report.graph.options.inputs, 0))
            return _read(path, OnnxWeights(walk, path), report)


def _read(path: str, weights: OnnxWeights, report: Report) -> OwnWeights:
    arrays: dict[str, Any] = {}
    missing: dict[str, str] = {}
    problems: list[Problem] = []
    for name, extents in expected(report).items():
        array = weights.array(name, extents)
        if isinstance(array, str):
            missing[name] = array
            continue
        arrays[name] = array.astype(np.float32, copy=False)
        problem = unsound(name, array, Origin.of_file(path))
        if problem is not None:
            problems.append(problem)
    if problems:
        raise SpecErrors(problems[:LISTED])
    return OwnWeights(path, weights, arrays, missing)


def compare_with_runtime(
    own: OwnWeights, done: Run, inputs: Mapping[str, Any]
) -> RuntimeOutcome | None:
    """Run a file by ONNX Runtime with the same inputs; None where that is not installed."""
    try:
        runtime: Any = import_module("onnxruntime")
    except ImportError:
        return None
    version = f"ONNX Runtime {runtime.__version__}"

    def not_judged(why: str) -> RuntimeOutcome:
        return RuntimeOutcome(version, None, None, None, why)

    if own.missing:
        return not_judged("some weights are random")
    given = own.file.inputs(dict(inputs))
    if given is None:
        return not_judged("the input is not the file's")
    try:
        outputs = _run(runtime, own.path, given)
    except Exception as error:  # noqa: BLE001  (whatever it breaks at is what there is to say)
        return not_judged(f"it cannot run the file: {one_line(str(error))[:_LONGEST]}")
    return _compared(own, done, outputs, version)


def _run(runtime: Any, path: str, given: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return a file's outputs by their names."""
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kinds = {value.name: value.type for value in session.get_inputs()}
    numbers = {
        name: array.astype(_TYPES.get(kinds.get(name, ""), "float32"))
        for name, array in given.items()
        if name in kinds
    }
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, numbers), strict=True))


_TYPES = {
    "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(int64)": "int64",
    "tensor(int32)": "int32", "tensor(uint8)": "uint8",
}  # fmt: skip


def _compared(own: OwnWeights, done: Run, outputs: dict[str, Any], version: str) -> RuntimeOutcome:
    """Hold outputs against ours; the one that is farthest off counts."""
    worst: tuple[float, float, float, str] | None = None
    for name, path, theirs in own.file.outputs(outputs):
        ours = done.outputs.get(path)
        if ours is None or not np.isfinite(theirs).all():
            continue
        largest = float(np.abs(theirs).max(initial=0))
        with np.errstate(all="ignore"):
            difference = float(np.abs(ours - theirs.astype(float)).max(initial=0))
        part = difference / largest if largest else difference
        part = part if np.isfinite(part) else float("inf")
        if worst is None or part > worst[0]:
            worst = part, difference, largest, name
    if worst is None:
        return RuntimeOutcome(version, None, None, None, "there is no output of finite numbers")
    part, difference, largest, name = worst
    if own.file.inexact:
        why = f"not judged, as {listed_briefly(own.file.inexact, LISTED)}"
        return RuntimeOutcome(version, difference, largest, None, why)
    outcome = ""
    if part > TOLERANCE:
        outcome = (
            f"the output {one_line(name)} is up to {difference:.2g} from that of {version}, which"
            f" is {part:.2g} of its largest number, {largest:.4g}; float32 explains {TOLERANCE:g}"
        )
    return RuntimeOutcome(version, difference, largest, outcome)
