"""A model file's own weights in `verify` and `run`: files made by hand, without any library."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.reference import run
from shapecalc.verify.own_weights import own_weights
from tests.readers.onnx_bytes import block, elsewhere, model, node, number, tensor
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(7)


def numbers(*dims: int) -> Any:
    return RANDOM.uniform(0.5, 1.5, dims).astype(np.float32)


def as_tensor(name: str, array: Any) -> bytes:
    return tensor(name, array.shape, array.ravel().tolist())


def taken(path: Path, nodes: list[bytes], dims: tuple[int, ...], arrays: dict[str, Any]) -> Any:
    """Write a file of a network `x` -> `y`; return what is read of its weights."""
    held = {
        name: array if isinstance(array, bytes) else as_tensor(name, array)
        for name, array in arrays.items()
    }
    path.write_bytes(model(nodes, {"x": dims}, {"y": None}, held))
    return own_weights(shapecalc.summarize(path))


def test_kernels_matrices_and_biases_are_the_files(tmp_path: Path) -> None:
    given = {
        "k": numbers(4, 3, 2, 2), "a": numbers(4), "m": numbers(4, 5), "b": numbers(5),
        "n": numbers(2, 5), "c": numbers(1, 2),
    }  # fmt: skip
    nodes = [
        node("Conv", "x k a", "1", "conv"),
        node("GlobalAveragePool", "1", "2"),
        node("Flatten", "2", "3"),
        node("MatMul", "3 m", "4", "one"),
        node("Add", "4 b", "5"),
        node("Gemm", "5 n c", "y", "two", transB=1),
    ]
    own = taken(tmp_path / "net.onnx", nodes, (1, 3, 6, 5), given)
    assert own.missing == {}
    assert np.array_equal(own.arrays["conv.weight"], given["k"])
    assert np.array_equal(own.arrays["conv.bias"], given["a"])
    assert np.array_equal(own.arrays["one.weight"], given["m"].T)
    assert np.array_equal(own.arrays["one.bias"], given["b"])
    assert np.array_equal(own.arrays["two.weight"], given["n"])
    assert np.array_equal(own.arrays["two.bias"], given["c"][0])


def test_a_batch_norm_has_its_statistics_and_its_epsilon(tmp_path: Path) -> None:
    scale, shift, mean, variance = (numbers(3) for _ in range(4))
    nodes = [node("BatchNormalization", "x s b m v", "y", "norm", epsilon=0.25)]
    path = tmp_path / "net.onnx"
    own = taken(path, nodes, (1, 3, 4, 5), {"s": scale, "b": shift, "m": mean, "v": variance})
    x = numbers(1, 3, 4, 5)
    done = run(str(path), {"input": x}, own.arrays)
    laid = [array[:, None, None] for array in (scale, shift, mean, variance)]
    wanted = (x - laid[2]) / np.sqrt(laid[3] + 0.25) * laid[0] + laid[1]
    assert np.allclose(done.outputs["norm"], wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("op", "gates"), [("LSTM", "iofc"), ("GRU", "zrh"), ("RNN", "h")]
)  # fmt: skip
def test_gates_are_put_in_our_order(op: str, gates: str, tmp_path: Path) -> None:
    rows = 2 * len(gates)
    arrays = {"w": numbers(1, rows, 3), "r": numbers(1, rows, 2), "b": numbers(1, 2 * rows)}
    nodes = [
        node("Transpose", "x", "0", perm=[1, 0, 2]),
        node(op, "0 w r b", "1", "cell", hidden_size=2, linear_before_reset=1),
        node("Squeeze", ["1", "axes"], "y"),
    ]
    dims = (1, 4, 3)
    own = taken(tmp_path / "net.onnx", nodes, dims, {**arrays, "axes": tensor("axes", [1], [1])})
    ours = {"LSTM": "ifco", "GRU": "rzh", "RNN": "h"}[op]
    order = [2 * gates.index(gate) + unit for gate in ours for unit in range(2)]
    assert own.missing == {}
    assert np.array_equal(own.arrays["cell.weight_ih_l0"], arrays["w"][0][order])
    assert np.array_equal(own.arrays["cell.weight_hh_l0"], arrays["r"][0][order])
    assert np.array_equal(own.arrays["cell.bias_ih_l0"], arrays["b"][0][:rows][order])
    assert np.array_equal(own.arrays["cell.bias_hh_l0"], arrays["b"][0][rows:][order])


def test_what_is_subtracted_is_a_bias_of_the_other_sign(tmp_path: Path) -> None:
    less, by = numbers(3, 1, 1), numbers(3, 1, 1)
    nodes = [node("Sub", "x a", "1", "less"), node("Div", "1 b", "y", "by")]
    own = taken(tmp_path / "net.onnx", nodes, (1, 3, 4, 5), {"a": less, "b": by})
    assert np.array_equal(own.arrays["less.bias"], -less.ravel())
    assert np.allclose(own.arrays["by.weight"], 1 / by.ravel())


def test_positions_lie_with_their_channels_first(tmp_path: Path) -> None:
    places = numbers(1, 4, 3)
    nodes = [node("Add", "x p", "1", "place"), node("MatMul", "1 m", "y", "dense")]
    own = taken(tmp_path / "net.onnx", nodes, (1, 4, 3), {"p": places, "m": numbers(3, 2)})
    assert np.array_equal(own.arrays["place.weight"], places[0].T)


def test_a_batch_of_one_may_be_a_side_of_ours(tmp_path: Path) -> None:
    """As where PyTorch puts the positions first and the batch back again behind attention."""
    nodes = [
        node("Transpose", "x", "1", perm=[1, 0, 2]),
        node("Reshape", "1 flat", "2"),
        node("MatMul", "2 m", "3", "dense"),
        node("Reshape", "3 three", "4"),
        node("Transpose", "4", "5", perm=[1, 0, 2]),
        node("Add", "x 5", "y"),
    ]
    shapes = {"flat": tensor("flat", [2], [5, 3]), "three": tensor("three", [3], [5, 1, 3])}
    own = taken(tmp_path / "net.onnx", nodes, (1, 5, 3), {"m": numbers(3, 3), **shapes})
    theirs = numbers(1, 5, 3)
    ((_, _, ours),) = own.file.outputs({"y": theirs})
    assert np.array_equal(ours, theirs[0].T.reshape(1, 3, 5, 1))


def test_a_shared_kernel_is_one_array(tmp_path: Path) -> None:
    nodes = [node("Conv", "x k", "1", "a"), node("Conv", "1 k", "y", "b")]
    own = taken(tmp_path / "net.onnx", nodes, (1, 3, 5, 5), {"k": numbers(3, 3, 1, 1)})
    assert [*own.arrays] == ["a.weight"]
    assert own.missing == {}


def dense_beside(path: Path) -> Any:
    nodes = [node("Gemm", "x m", "y", "dense", transB=1)]
    return taken(path, nodes, (1, 3), {"m": elsewhere("m", (2, 3))})


def test_weights_beside_the_file_are_read(tmp_path: Path) -> None:
    array = numbers(2, 3)
    (tmp_path / "model.onnx.data").write_bytes(array.tobytes())
    own = dense_beside(tmp_path / "net.onnx")
    assert np.array_equal(own.arrays["dense.weight"], array)
    assert own.words(0) == "the weights of net.onnx"


def test_weights_that_are_not_there_are_named_and_random(tmp_path: Path) -> None:
    own = dense_beside(tmp_path / "net.onnx")
    assert own.arrays == {}
    assert own.words(5) == (
        "random weights, seed 5, as of those of net.onnx is known: they lie in 'model.onnx.data',"
        " which is not there"
    )


def test_weights_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx.data").write_bytes(bytes(20))
    with pytest.raises(SpecErrors, match="takes 24 bytes, and there are 20"):
        dense_beside(tmp_path / "net.onnx")


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname", "link"])
def test_no_file_outside_of_the_folder_is_read(place: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(24))
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    entry = block(13, block(1, "location") + block(2, place)) + number(14, 1)
    held = number(1, 2) + number(1, 3) + number(2, 1) + block(8, "m") + entry
    nodes = [node("Gemm", "x m", "y", "dense", transB=1)]
    with pytest.raises(SpecErrors, match="outside of the model's folder"):
        taken(folder / "net.onnx", nodes, (1, 3), {"m": held})


def test_halves_of_both_kinds_are_read(tmp_path: Path) -> None:
    values = [1.5, -2.0, 0.25, 3.0]
    half = struct.pack("<4e", *values)
    upper = b"".join(struct.pack("<f", value)[2:] for value in values)
    for kind, data in ((10, half), (16, upper)):
        held = number(1, 2) + number(1, 2) + number(2, kind) + block(8, "m") + block(9, data)
        nodes = [node("Gemm", "x m", "y", "dense", transB=1)]
        own = taken(tmp_path / "net.onnx", nodes, (1, 2), {"m": held})
        assert own.arrays["dense.weight"].ravel().tolist() == values


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    nodes = [node("Gemm", "x m", "y", "dense", transB=1)]
    held = np.array([[1, np.nan], [2, 3]], np.float32)
    with pytest.raises(SpecErrors, match=r"dense\.weight holds 1 NaN"):
        taken(tmp_path / "net.onnx", nodes, (1, 2), {"m": held})


def test_verify_says_what_it_ran(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    taken(path, [node("Conv", "x k", "y", "a")], (1, 3, 5, 5), {"k": numbers(3, 3, 2, 2)})
    verdict = shapecalc.verify(path)
    assert verdict.weights == "the weights of net.onnx"
    assert verdict.disagreements == []
    assert own_weights(shapecalc.summarize("lenet5")) is None


def test_run_takes_the_files_weights_and_can_write_them(tmp_path: Path) -> None:
    path, written = tmp_path / "net.onnx", tmp_path / "net.npz"
    kernel = numbers(3, 3, 2, 2)
    taken(path, [node("Conv", "x k", "y", "a")], (1, 3, 5, 5), {"k": kernel})
    done = runner().invoke(main, ["run", str(path), "--save-weights", str(written)])
    assert "Weights: the weights of net.onnx." in done.stdout
    with np.load(written) as arrays:
        assert np.array_equal(arrays["a.weight"], kernel)


def test_a_network_as_deployed_has_not_the_files_weights(tmp_path: Path) -> None:
    nodes = [node("Conv", "x k", "1", "conv"), node("BatchNormalization", "1 s b m v", "y", "bn")]
    given = {"k": numbers(4, 3, 2, 2)} | {letter: numbers(4) for letter in "sbmv"}
    path = tmp_path / "net.onnx"
    assert taken(path, nodes, (1, 3, 6, 5), given).missing == {}
    assert own_weights(shapecalc.summarize(path, fold_batchnorm=True)) is None
