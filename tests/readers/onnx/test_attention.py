"""Attention that ONNX files write out: `attention` again where it is exactly that, with its costs."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.readers import onnx
from shapecalc.readers.onnx.strides import Strides
from tests.readers.onnx_bytes import model, node, tensor

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.report import Report

LENGTH, CHANNELS, HEADS, DEPTH = 5, 12, 3, 4
PAIRS = [*product(range(LENGTH), repeat=2)]
FUSED = ["qkv/dense", "scores/matmul", "softmax/softmax", "weighted/matmul", "out/dense"]
NORMED = [
    "query/dense", "key/dense", "value/dense", "query_norm/layernorm", "key_norm/layernorm", *FUSED[1:],
]  # fmt: skip


def whole(name: str, *numbers: int) -> bytes:
    return tensor(name, [len(numbers)], list(numbers))


def number(name: str, value: float) -> bytes:
    return tensor(name, [], [value])


def dense(source: str, name: str, result: str) -> list[bytes]:
    return [
        node("MatMul", f"{source} {name}.w", f"{result}.p", f"{name}/MatMul"),
        node("Add", f"{result}.p {name}.b", result, f"{name}/Add"),
    ]


def arrays(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {f"{name}.w": [CHANNELS, CHANNELS] for name in ("q", "k", "v", "o")}
    made |= {f"{name}.b": [CHANNELS] for name in ("q", "k", "v", "o")}
    made |= {"qkv.w": [CHANNELS, 3 * CHANNELS], "qkv.b": [3 * CHANNELS]}
    made |= {
        "apart": whole("apart", 0, 0, HEADS, DEPTH), "together": whole("together", 0, 0, -1),
        "three": whole("three", 1, LENGTH, 3, HEADS, DEPTH), "s": number("s", DEPTH**-0.5),
        "heads_of_three": whole("heads_of_three", 1, LENGTH, HEADS, 3, DEPTH),
        "wide": whole("wide", 1, LENGTH, 1, CHANNELS), "parted": whole("parted", 1, LENGTH, HEADS, DEPTH),
        "n": [DEPTH], "m": [DEPTH], "root": number("root", DEPTH**0.5),
        "whole": number("whole", 1), "nothing": number("nothing", 0), "none": number("none", 0.0),
        "square": whole("square", LENGTH, LENGTH),
        "added": tensor("added", [LENGTH, LENGTH], [-1e9 if b > a else 0.0 for a, b in PAIRS]),
        "far": tensor("far", [LENGTH, LENGTH], [int(abs(a - b) < 2) for a, b in PAIRS]),
        "zero": number("zero", 0), "one": number("one", 1), "two": number("two", 2),
    }  # fmt: skip
    return {**made, **more}


def apart(name: str, order: list[int]) -> list[bytes]:
    return [
        node("Reshape", f"{name} apart", f"{name}r"),
        node("Transpose", f"{name}r", f"{name}t", perm=order),
    ]


SEPARATE = [
    *dense("x", "q", "q"), *dense("x", "k", "k"), *dense("x", "v", "v"),
    *apart("q", [0, 2, 1, 3]), *apart("k", [0, 2, 3, 1]), *apart("v", [0, 2, 1, 3]),
]  # fmt: skip
SCORES = [node("MatMul", "qt kt", "a"), node("Mul", "a s", "b"), node("Softmax", "b", "p", axis=-1)]
END = [
    node("MatMul", "p vt", "w"),
    node("Transpose", "w", "wt", perm=[0, 2, 1, 3]),
    node("Reshape", "wt together", "wr"),
    *dense("wr", "o", "y"),
]
#: One dense layer, cut in three behind the heads.
ONE = [
    *dense("x", "qkv", "all"),
    node("Reshape", "all three", "r"),
    node("Transpose", "r", "t", perm=[2, 0, 3, 1, 4]),
    *[node("Gather", f"t {at}", part, axis=0) for at, part in [("zero", "qt"), ("one", "kp"), ("two", "vt")]],
    node("Transpose", "kp", "kt", perm=[0, 1, 3, 2]),
]  # fmt: skip
ROOTS = [  # as scaled_dot_product_attention has them: the fourth root to either side
    node("Sqrt", "s", "r4"),
    node("Mul", "qt r4", "q4"),
    node("Mul", "kt r4", "k4"),
    node("MatMul", "q4 k4", "a"),
    node("Softmax", "a", "p", axis=-1),
]
NORMS = [
    node("LayerNormalization", "qt n m", "qn", "qn", axis=-1),
    node("Transpose", "kt", "ku", perm=[0, 1, 3, 2]),
    node("LayerNormalization", "ku m n", "kn", "kn", axis=-1),
    node("Transpose", "kn", "kv", perm=[0, 1, 3, 2]),
    node("MatMul", "qn kv", "a"),
    node("Div", "a root", "b"),
    node("Softmax", "b", "p", axis=-1),
]
HIDDEN = [SCORES[0], node("Mul", "a s", "c"), node("Where", "mask c least", "b"), SCORES[2]]
HIDDEN_FAR = [*HIDDEN[:2], node("Where", "far c least", "b"), SCORES[2]]
HIDDEN_EARLIER = [*HIDDEN[:2], node("Where", "mask least c", "b"), SCORES[2]]
ADDED = [SCORES[0], node("Mul", "a s", "c"), node("Add", "c added", "b"), SCORES[2]]
#: As PyTorch's older exporter makes a mask.
TRIANGLE = [
    node("Expand", "whole square", "ones"),
    node("Trilu", "ones", "low", upper=0),
    node("Equal", "low nothing", "hidden"),
    node("Where", "hidden least none", "made"),
    *ADDED[:2],
    node("Add", "c made", "b"),
    SCORES[2],
]
MASKED = [*FUSED[:2], "mask/causal_mask", *FUSED[2:]]
WRITTEN: dict[str, tuple[list[bytes], list[str]]] = {
    "three dense layers": ([*SEPARATE, *SCORES, *END], FUSED),
    "one dense layer": ([*ONE, *SCORES, *END], FUSED),
    "scaled before": ([*ONE, *ROOTS, *END], FUSED),
    "norms of queries and keys": ([*SEPARATE, *NORMS, *END], NORMED),
    "norms behind one dense layer": ([*ONE, *NORMS, *END], NORMED),
    "later positions hidden by a choice": ([*ONE, *HIDDEN, *END], MASKED),
    "later positions hidden by a sum": ([*ONE, *ADDED, *END], MASKED),
    "later positions hidden by a triangle": ([*ONE, *TRIANGLE, *END], MASKED),
    "nothing behind": ([*ONE, *SCORES, *END[:3], node("Relu", "wr", "y")], FUSED[:-1]),
}
SCALED_TWICE = [SCORES[0], node("Mul", "a root", "b"), SCORES[2]]
INTERLEAVED = [
    ONE[0], ONE[1], node("Reshape", "all heads_of_three", "r"),
    node("Transpose", "r", "t", perm=[3, 0, 2, 1, 4]), *ONE[4:],
]  # fmt: skip
TURNED = [*END[:1], node("Transpose", "w", "wt", perm=[0, 2, 3, 1]), *END[2:]]
#: As vision transformers have it: positions beside an axis of one.
APART_BY_ONE = [
    node("Reshape", "x wide", "xw"),
    *dense("xw", "q", "q"), *dense("xw", "k", "k"), *dense("xw", "v", "v"),
    *[node("Reshape", f"{name} parted", f"{name}p") for name in "qkv"],
    *[node("Transpose", f"{name}p", f"{name}t", perm=order)
      for name, order in [("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])]],
]  # fmt: skip
WRITTEN["positions beside an axis of one"] = ([*APART_BY_ONE, *SCORES, *END], FUSED)
OTHERS: dict[str, list[bytes]] = {
    "another scale": [*SEPARATE, *SCALED_TWICE, *END],
    "parts of every head": [*INTERLEAVED, *SCORES, *END],
    "channels of heads in turn": [*ONE, *SCORES, *TURNED],
    "a mask that hides no later positions": [*ONE, *HIDDEN_FAR, *END],
    "a mask that hides earlier positions": [*ONE, *HIDDEN_EARLIER, *END],
    "queries of another value": [
        node("Relu", "x", "z"),
        *dense("z", "q", "q"),
        *SEPARATE[2:],
        *SCORES,
        *END,
    ],
    "probabilities that leave": [*ONE, *SCORES, node("Relu", "p", "u"), *END],
    "scores of the batch of heads": [*ONE, *SCORES[:2], node("Softmax", "b", "p", axis=2), *END],
    "one norm": [*SEPARATE, NORMS[0], node("MatMul", "qn kt", "a"), *SCORES[1:], *END],
}


def read(nodes: list[bytes], folder: Path, **more: Any) -> Report:
    mask = tensor("mask", [LENGTH, LENGTH], [int(a >= b) for a, b in PAIRS])
    given = arrays(mask=mask, least=number("least", -1e9), **more)
    data = model(nodes, {"x": [1, LENGTH, CHANNELS]}, {"y": None, "u": None}, given)
    (folder / "net.onnx").write_bytes(data)
    return shapecalc.summarize(folder / "net.onnx")


def plain(nodes: list[bytes], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Read a network as its parts."""
    with monkeypatch.context() as patch:
        patch.setattr(onnx, "find_attention", lambda walk, outputs: None)
        return read(nodes, folder)


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_attention_that_is_written_out_is_attention(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes, expected = WRITTEN[name]
    report, parts = read(nodes, tmp_path), plain(nodes, tmp_path, monkeypatch)
    inner = [row for row in report.rows if row.name.startswith("attention/")]
    assert [f"{row.name.removeprefix('attention/')}/{row.type}" for row in inner] == expected
    assert report["attention/scores"].layer.heads == HEADS
    assert len(report.rows) < len(parts.rows)
    assert report.totals.params == parts.totals.params
    assert report.totals.macs == parts.totals.macs
    assert report.rows[-1].output == parts.rows[-1].output


@pytest.mark.parametrize("repeated", ["Expand", "Tile"])
@pytest.mark.parametrize("behind", [[1, 6, 5, 2], [6, 5, 2]], ids=str)
def test_heads_of_keys_that_serve_several_are_groups(
    repeated: str, behind: list[int], tmp_path: Path
) -> None:
    """As PyTorch's exporters write six heads of queries and two of keys and values."""
    nodes = [
        *[part for name in ("q", "k2", "v2") for part in dense("x", name, name)],
        node("Reshape", "q six", "qr"),
        node("Transpose", "qr", "qt", perm=[0, 2, 1, 3]),
    ]
    for name in ("k2", "v2"):
        nodes += [
            node("Reshape", f"{name} two_heads", f"{name}r"),
            node("Transpose", f"{name}r", f"{name}t", perm=[0, 2, 1, 3]),
            node("Unsqueeze", f"{name}t two", f"{name}u"),
            node(repeated, f"{name}u {repeated}", f"{name}e"),
            node("Reshape", f"{name}e behind", f"{name}b"),
            node("Reshape", f"{name}b heads", f"{name}h"),
        ]
    nodes += [node("Transpose", "k2h", "kt", perm=[0, 1, 3, 2]), *SCORES]
    nodes += [node("MatMul", "p v2h", "w"), *END[1:]]
    more = {
        f"{name}.{part}": dims
        for name in ("k2", "v2")
        for part, dims in (("w", [12, 4]), ("b", [4]))
    }
    more |= {"six": whole("six", 0, 0, 6, 2), "two_heads": whole("two_heads", 0, 0, 2, 2)}
    more |= {"Expand": whole("Expand", 1, 1, 3, 1, 1), "Tile": whole("Tile", 1, 1, 3, 1, 1)}
    more |= {"behind": whole("behind", *behind), "heads": whole("heads", 1, 6, 5, 2)}
    report = read(nodes, tmp_path, s=number("s", 2**-0.5), **more)
    assert [row.name for row in report.rows[1:]] == [f"attention/{n.split('/')[0]}" for n in FUSED]
    assert report["attention/qkv"].output.channels == 12 + 2 * 4
    assert report.totals.params == 13 * (12 + 4 + 4 + 12)
    assert report.totals.macs == 5 * 12 * (12 + 4 + 4 + 12) + 2 * 5 * 5 * 12


@pytest.mark.parametrize("n", [6, 70])
@pytest.mark.parametrize("heads", [1, 2])
def test_a_stored_mask_of_another_kind_is_no_trained_numbers(
    n: int, heads: int, tmp_path: Path
) -> None:
    """Each position sees five; large arrays are looked at as small ones are."""
    near = [0.0 if 0 <= a - b < 5 else -1e9 for a, b in product(range(n), repeat=2)]
    trained = [0.5] * (n * n)
    for values, params in ((near, 0), (trained, n * n)):
        given = {"kept": tensor("kept", [n, n], values)}
        inputs = {"x": [1, heads, n, 3], "xt": [1, heads, 3, n]}
        nodes = [node("MatMul", "x xt", "a"), node("Add", "a kept", "y")]
        (tmp_path / "net.onnx").write_bytes(model(nodes, inputs, {"y": None}, given))
        report = shapecalc.summarize(tmp_path / "net.onnx")
        assert report.totals.params == params
        assert "causal_mask" not in [row.type for row in report.rows]


@pytest.mark.parametrize("stored", [True, False])
def test_a_long_mask_is_one_whose_numbers_are_two(stored: bool, tmp_path: Path) -> None:
    """Of 4,900 scores, each too many to be computed one by one."""
    n = 70
    made = [
        node("ConstantOfShape", "extents", "ones", value=tensor("", [1], [1.0])),
        node("Trilu", "ones k", "high", upper=1),
        node("Mul", "high least", "kept"),
    ]
    nodes = [
        node("MatMul", "x xt", "a"),
        *([] if stored else made),
        node("Add", "a kept", "y"),
    ]
    values = [-1e9 if b > a else 0.0 for a in range(n) for b in range(n)]
    given: dict[str, Any] = {
        "extents": whole("extents", 1, 1, n, n), "k": number("k", 1), "least": number("least", -1e9),
    }  # fmt: skip
    given |= {"kept": tensor("kept", [n, n], values)} if stored else {}
    data = model(nodes, {"x": [1, 2, n, 3], "xt": [1, 2, 3, n]}, {"y": None}, given)
    (tmp_path / "net.onnx").write_bytes(data)
    report = shapecalc.summarize(tmp_path / "net.onnx")
    assert report.rows[-1].type == "causal_mask"
    assert report.totals.params == 0


@pytest.mark.parametrize("name", sorted(OTHERS))
def test_what_is_another_attention_stays_as_its_parts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, parts = read(OTHERS[name], tmp_path), plain(OTHERS[name], tmp_path, monkeypatch)
    types = [row.type for row in report.rows]
    assert types.count("matmul") == 2
    assert types == [row.type for row in parts.rows]


def test_weights_go_into_the_layers_of_attention(tmp_path: Path) -> None:
    from shapecalc.verify.own_weights import own_weights

    for name in sorted(WRITTEN):
        weights = own_weights(read(WRITTEN[name][0], tmp_path))
        assert weights is not None
        assert not weights.missing


def test_strides_are_those_of_an_array() -> None:
    import numpy as np

    array = np.arange(5 * 12).reshape(5, 12)
    strides = Strides.of(array.shape).reshape([5, 3, 2, 2]).permute([1, 0, 3, 2]).slice(0, 1, 3)
    moved = array.reshape(5, 3, 2, 2).transpose(1, 0, 3, 2)[1:3]
    places = [
        strides.offset + a + b + c + d
        for a in ([0], [0, 4])[len(strides.axes[0])]
        for b in range(0, 60, 12)
        for c in (0, 1)
        for d in (0, 2)
    ]
    assert places == moved.ravel().tolist()
    with pytest.raises(ValueError, match="share no factors"):
        Strides.of([6]).reshape([4])
    with pytest.raises(ValueError, match="too many"):
        Strides.of([6]).reshape([3])
    with pytest.raises(ValueError, match="too few"):
        Strides.of([6]).reshape([6, 2])
    with pytest.raises(ValueError, match="a part of parts"):
        Strides.of([6, 4]).permute([1, 0]).reshape([24]).slice(0, 3, 12)
