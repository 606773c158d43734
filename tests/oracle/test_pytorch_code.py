"""Programs written for PyTorch, run by it with our executor's weights: the same, layer by layer."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from draw import layers, tables
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from judge import AnyLayer, answer, need

import shapecalc
from shapecalc import reference as execute
from shapecalc.graph import Input
from shapecalc.layers import BUILTIN
from shapecalc.spec.find import shipped
from shapecalc.writers.python_code import call
from shapecalc.writers.pytorch import Program, program
from shapecalc.writers.pytorch_layers import SPELLINGS
from shapecalc.writers.pytorch_spelling import Spelling
from shapecalc.writers.site import indices_of
from tests.kinds import WINDOWED
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from many import Found
    from torch import nn

    from shapecalc.report import Report, Row
else:
    torch = need("torch")
    nn = torch.nn

from networks import small_networks
from read_back import unlike_rows, unlike_totals
from small import small

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))
#: How near values must be, relative to the largest of an array.
NEAR = 1e-10


@contextmanager
def set_up() -> Iterator[None]:
    """Compute in double precision, and in one thread."""
    dtype, threads = torch.get_default_dtype(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _in_float64() -> Iterator[None]:
    with set_up():
        yield


def built(made: Program) -> nn.Module:
    """Construct the network of a program, which is the last class that it defines."""
    space: dict[str, Any] = {"__name__": "written"}
    exec(compile(made.text, "written.py", "exec"), space)
    classes = [value for value in space.values() if isinstance(value, type)]
    own = [made for made in classes if made.__module__ == "written"]
    network: nn.Module = own[-1]()
    return network.eval()


def parameters(network: nn.Module) -> int:
    return sum(array.numel() for array in network.parameters())


def unlike(report: Report, seed: int = 0) -> list[str]:
    """List what differs between our run of a network and that of its program."""
    made = program(report)
    network = built(made)
    names = [row.name for row in report.rows if isinstance(row.layer, Input)]
    batch = 2 if names else 1  # without an input nothing tells how many examples there are
    ours = execute.run(report, seed=seed, batch=batch, dtype=np.float64, keep="all")
    wrong = []
    if parameters(network) != report.totals.params:
        wrong.append(f"parameters: {parameters(network)} and {report.totals.params}")
    state = network.state_dict()
    for name, array in ours.parameters.items():
        theirs = state[made.arrays[name]]
        assert tuple(theirs.shape) == array.shape, name
        theirs.copy_(torch.tensor(array))
    calls: dict[int, list[int]] = defaultdict(list)
    modules = dict(network.named_modules(remove_duplicate=False))
    for index, path in made.names.items():
        calls[id(modules[path])].append(index)
    seen: dict[int, Any] = {}
    for path in made.names.values():
        module = modules[path]
        if not module._forward_hooks:
            waiting = iter(calls[id(module)])
            module.register_forward_hook(
                lambda _, __, y, waiting=waiting: seen.setdefault(next(waiting), y)
            )
    with torch.no_grad():
        results = network(*(drawn(report, ours.values[name], name) for name in names))
    results = results if isinstance(results, tuple) else (results,)
    pairs = dict(zip(sorted(report.graph.outputs), results, strict=True))
    assert seen.keys() == made.names.keys()
    for index, result in {**seen, **pairs}.items():
        row = report.rows[index]
        if isinstance(result, tuple):  # of a recurrent layer, of which a part flows on
            continue
        mine = ours.values[row.name]
        ways = [result] if index in pairs else laid(result, mine, row.type)
        if not any(same(mine, way) for way in ways):
            wrong.append(row.name)
    return wrong


#: Layers that the program writes out in several operations.
WRITTEN_OUT = frozenset({
    "matmul", "separable", "geglu", "swiglu", "maxout", "rbf", "subsampling", "window_partition",
    "window_merge", "window_mask", "relative_position",
})  # fmt: skip


def is_written_out(row: Row, *, cut: bool, attends: bool) -> bool:
    """Tell whether a layer is written as several of PyTorch's operations.

    A transposed convolution that is `cut` unevenly has its bias added behind.  The products of
    attention are several, too, but where it `attends` as usual they are read as attention again.
    """
    layer: Any = row.layer
    if attends and row.type == "matmul" and row.name.endswith(("/scores", "/weighted")):
        return False
    return (
        row.type in WRITTEN_OUT
        or (row.type == "scale" and row.biases > 0)
        or (cut and row.type == "transposed" and row.biases > 0)
        or (row.type == "softmax" and layer.over != ("channels",))
        or getattr(layer, "heads", None) not in (None, 1)
        or getattr(layer, "bias", None) == "per_position"
    )


def unlike_read(report: Report, *, attends: bool = False) -> list[str]:
    """List what differs in the program's module as our reader of PyTorch sees it.

    What it tells that it did not understand, or that kernels are fixed, is no difference.
    """
    made = program(report)
    network = built(made)
    indices = indices_of(report)
    examples = []
    for index, row in enumerate(report.rows):
        if isinstance(row.layer, Input):
            example = torch.zeros(2, row.output.channels, *row.output.sides)
            examples.append(example.long() if index in indices else example)
    if not examples:
        return []
    other = shapecalc.summarize(shapecalc.from_torch(network, tuple(examples)))
    if any("partial" in text or "fixed" in text for text in other.remarks):
        return []
    cut = "CutConvTranspose" in made.text
    written_out = any(is_written_out(row, cut=cut, attends=attends) for row in report.rows)
    rows = [] if written_out else unlike_rows(report, other, ordered=False)
    return [*unlike_totals(report, other), *rows]


def drawn(report: Report, values: Any, name: str) -> torch.Tensor:
    """Return an input: whole numbers where it holds nothing but indices."""
    indices = [report.rows[index].name for index in indices_of(report)]
    return torch.tensor(values).long() if name in indices else torch.tensor(values)


def laid(y: torch.Tensor, ours: Any, word: str) -> list[torch.Tensor]:
    """Lay what a module gives as our layers do, where the program does so behind it.

    Where all extents are alike nothing tells whether it does.
    """
    if word == "lrn":
        return [y.reshape(ours.shape)]
    return [way for way in (y, y.movedim(-1, 1)) if tuple(way.shape) == ours.shape]


def same(ours: Any, theirs: torch.Tensor) -> bool:
    """Compare two arrays, relative to the largest element."""
    other = theirs.detach().numpy()
    if ours.shape != other.shape:
        return False
    finite = np.isfinite(ours)
    if not (finite == np.isfinite(other)).all():
        return False
    gap = np.abs(np.where(finite, ours, 0) - np.where(finite, other, 0)).max(initial=0)
    return bool(gap <= NEAR * (1 + np.abs(other[finite]).max(initial=0)))


def test_every_type_is_spelled() -> None:
    assert SPELLINGS.keys() == BUILTIN.keys()


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_network_s_program_is_the_network(name: str) -> None:
    full = shapecalc.summarize(name)
    with torch.device("meta"):
        assert parameters(built(program(full))) == full.totals.params
        assert unlike_read(full, attends=True) == []
    assert unlike(small(name)) == []


@pytest.mark.parametrize("path", sorted(NETWORKS.glob("*.yaml")), ids=lambda path: path.stem)
def test_another_network_s_program_is_the_network(path: Any) -> None:
    assert unlike(shapecalc.summarize(path)) == []


WORDS = tuple(BUILTIN)


def layer_tried(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> Found:
    report = answer(drawn[0], *drawn[1])
    if report is None or getattr(drawn[0], "biases", 2) == 1:
        return None
    return unlike(report, seed)


def network_tried(report: Report, seed: int) -> Found:
    return [*unlike(report, seed), *unlike_read(report)]


@pytest.mark.parametrize("word", WORDS)
def test_any_layer_s_program_is_the_layer(word: str) -> None:
    @settings(patient, max_examples=150 if word in WINDOWED else 40)
    @given(drawn=layers(word), seed=st.integers(0, 999))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]], seed: int) -> None:
        found = layer_tried(drawn, seed)
        if found is None:
            reject()
        assert found == []

    holds()


@settings(patient, max_examples=60)
@given(drawn=tables(), seed=st.integers(0, 999))
def test_any_table_of_connections_s_program_is_the_layer(drawn: Any, seed: int) -> None:
    report = answer(drawn[0], *drawn[1])
    if report is None:
        reject()
    assert unlike(report, seed) == []


@settings(patient, max_examples=100)
@given(report=small_networks(), seed=st.integers(0, 999))
def test_any_small_network_s_program_is_the_network(report: Report, seed: int) -> None:
    assert network_tried(report, seed) == []


def test_indices_that_something_else_reads_too_are_rounded() -> None:
    table = {"embedding": {"entries": 5, "size": 3}}
    both = {
        "input": 6,
        "layers": [{"concat": [[table, "flatten"], [{"scale": {"per": "element"}}]]}],
    }
    inner = {"input": "6x1", "layers": [{"scale": {"init": 3}}, table]}
    for spec in (both, inner):
        report = shapecalc.summarize(spec)
        assert indices_of(report) == {}
        assert unlike(report) == []


def test_a_table_that_a_head_uses_is_one_parameter() -> None:
    tied = {"dense": {"units": 11, "over": "channels", "bias": False, "share": "words"}}
    words = {"embedding": {"name": "words", "entries": 11, "size": 5}}
    report = shapecalc.summarize({"input": 7, "layers": [words, "gelu", tied, "softmax"]})
    assert report.totals.params == 55
    assert unlike(report) == []


NET = {"input": "7x9x3", "layers": ["conv3-5", "relu", {"dense": 4}]}


def test_a_wrong_function_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unlike(shapecalc.summarize(NET)) == []
    monkeypatch.setitem(SPELLINGS, "relu", lambda _: Spelling(call("nn.ELU")))
    assert sorted(unlike(shapecalc.summarize(NET))) == ["fc1", "relu1"]


def test_a_parameter_too_many_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SPELLINGS, "relu", lambda _: Spelling(call("nn.PReLU", init="0.0")))
    (wrong,) = unlike(shapecalc.summarize(NET))
    assert wrong.startswith("parameters: ")
