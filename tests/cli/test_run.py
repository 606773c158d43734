"""`shapecalc run` as a user meets it: activations shown and saved, weights and pictures read."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zipfile
import zlib
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc import load
from shapecalc import reference as execute
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from click.testing import Result

SPEC = "input: 4x5x3\nlayers:\n  - conv: {filters: 2, kernel: 3}\n  - relu\n  - dense: 6\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(SPEC, encoding="utf-8")
    return tmp_path


def run(*words: str) -> Result:
    return runner().invoke(main, ["run", "tiny.yaml", *words], catch_exceptions=False)


def arrays(path: str) -> dict[str, Any]:
    with np.load(path) as file:
        return dict(file)


def test_every_layer_has_a_line() -> None:
    result = run("--seed", "3")
    assert result.exit_code == 0
    done = execute.run(load("tiny.yaml"), seed=3, keep="all")
    for name, y in done.values.items():
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(name)]
        assert f"{y.mean():.4g}"[:5] in line
        assert line.split()[-1] == f"{100 * (y == 0).mean():.1f}%"


def test_the_input_changes_and_the_table_goes_to_a_file() -> None:
    result = run("--input", "7x9x3", "-o", "out.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert Path("out.csv").read_text("utf-8").startswith("name,mean,")
    assert "5x7x2" in run("--input", "7x9x3").stdout


def test_the_seed_decides() -> None:
    assert run().stdout == run("--seed", "0").stdout
    assert run().stdout != run("--seed", "1").stdout


def test_saved_weights_are_those_that_were_used() -> None:
    assert run("--save-weights", "w.npz", "--save-activations", "one.npz").exit_code == 0
    result = run("--weights", "w.npz", "--save-activations", "two.npz")
    assert result.exit_code == 0
    assert "Weights: w.npz." in result.stdout
    one, two = arrays("one.npz"), arrays("two.npz")
    assert set(one) == {"input", "conv1", "relu1", "fc1"}
    assert one["conv1"].shape == (2, 2, 3)
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


def test_programs_read_the_same() -> None:
    layers = json.loads(run("-f", "json").stdout)["layers"]
    rows = list(csv.DictReader(io.StringIO(run("-f", "csv").stdout)))
    assert [each["name"] for each in layers] == ["input", "conv1", "relu1", "fc1"]
    assert [str(each["mean"]) for each in layers] == [row["mean"] for row in rows]


def test_a_maximum_of_nothing_is_shown() -> None:
    text = "input: 2x1\nlayers: [maxpool: {kernel: 1, stride: 2, rounding: ceil_full}]\n"
    Path("tiny.yaml").write_text(text, encoding="utf-8")
    assert "-inf" in run().stdout
    assert json.loads(run("-f", "json").stdout)["layers"][1]["least"] is None


def test_a_picture_flows_in() -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    pillow.fromarray(pixels).save("cat.png")
    assert run("--image", "cat.png", "--save-activations", "out.npz").exit_code == 0
    seen = arrays("out.npz")["input"]
    np.testing.assert_allclose(seen, pixels.transpose(2, 0, 1) / 255, rtol=1e-6)


def test_a_picture_cut_short_is_refused() -> None:
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    pillow.fromarray(np.random.default_rng(0).integers(0, 255, (4, 5, 3), np.uint8)).save("a.png")
    Path("cat.png").write_bytes(Path("a.png").read_bytes()[:80])
    result = run("--image", "cat.png")
    assert result.exit_code == 2
    assert "error[E504]: 'cat.png' cannot be read: " in result.stderr


@pytest.mark.parametrize("name", ["w.npz", "cat.png"])
def test_files_that_are_not_there(name: str) -> None:
    result = run("--weights" if name == "w.npz" else "--image", name)
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_an_array_that_claims_more_than_it_should_is_refused_before_it_is_read() -> None:
    run("--save-weights", "w.npz")
    kept = arrays("w.npz")
    with zipfile.ZipFile("w.npz", "w") as archive:
        for name, array in kept.items():
            with archive.open(f"{name}.npy", "w") as file:
                if name == "conv1.bias":
                    header = {"descr": "<f8", "fortran_order": False, "shape": (10**15,)}
                    np.lib.format.write_array_header_1_0(file, header)  # type: ignore[arg-type]
                else:
                    np.save(file, array)
    result = run("--weights", "w.npz")
    assert result.exit_code == 2
    assert "conv1.bias is 1000000000000000, but the network's is 2" in result.stderr


@pytest.mark.parametrize("damage", [200, 400, 900])
def test_a_damaged_file_of_weights_is_refused(damage: int) -> None:
    run("--save-weights", "w.npz")
    data = bytearray(Path("w.npz").read_bytes())
    data[damage : damage + 60] = bytes(60)
    Path("w.npz").write_bytes(data)
    result = run("--weights", "w.npz")
    assert result.exit_code in (0, 2)
    assert not result.exit_code or "error[E50" in result.stderr


def test_a_file_that_cannot_be_written() -> None:
    result = run("--save-activations", "no/such/folder/out.npz")
    assert result.exit_code == 2
    assert "error[E007]" in result.stderr


# -- hostile and odd files ----------------------------------------------------------------------


def weights_file(
    name: str = "w.npz",
    bias: bytes | None = None,
    packing: int = zipfile.ZIP_STORED,
    more: tuple[str, ...] = (),
) -> str:
    """Write weights that fit, with another member for conv1.bias, or members twice."""
    good = execute.allocate(load("tiny.yaml"))
    with zipfile.ZipFile(name, "w", packing) as archive:
        for key, array in good.items():
            data = io.BytesIO()
            np.save(data, array)
            archive.writestr(
                f"{key}.npy", bias if bias and key == "conv1.bias" else data.getvalue()
            )
        for key in more:
            archive.writestr(key, data.getvalue())
    return name


def header(text: str) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ({"packing": zipfile.ZIP_LZMA}, "compressed in a way that NumPy does not write"),
        ({"more": ("fc1.bias",)}, "fc1.bias is there 2 times"),
        ({"bias": header("(" * 4000)}, "conv1.bias is no array that can be read"),
        ({"bias": header("__import__('os').abort()")}, "conv1.bias is no array that can be read"),
        ({"bias": b"\x93NUMPY\x02\x00\xff\xff\xff\x7f"}, "conv1.bias is no array"),
        (
            {"bias": header("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999,)}")},
            "conv1.bias is 9999999999, but the network's is 2",
        ),
    ],
)
def test_hostile_weights_are_refused(file: dict[str, Any], told: str) -> None:
    result = run("--weights", weights_file(**file))
    assert result.exit_code == 2
    assert told in result.stderr


def test_an_encrypted_member_is_refused() -> None:
    data = bytearray(Path(weights_file()).read_bytes())
    data[data.find(b"PK\x01\x02") + 8] |= 1
    Path("w.npz").write_bytes(data)
    result = run("--weights", "w.npz")
    assert result.exit_code == 2
    assert "conv1.weight: encrypted, or compressed" in result.stderr


def test_what_a_member_holds_behind_its_array_is_not_read() -> None:
    data = io.BytesIO()
    np.save(data, np.zeros(2, np.float32))
    bomb = data.getvalue() + bytes(1 << 26)
    assert run("--weights", weights_file(bias=bomb, packing=zipfile.ZIP_DEFLATED)).exit_code == 0


def test_numbers_beyond_float32_are_refused() -> None:
    data = io.BytesIO()
    np.save(data, np.array([1e300, 1.0]))
    result = run("--weights", weights_file(bias=data.getvalue()))
    assert result.exit_code == 2
    assert "conv1.bias holds numbers up to 1e+300, float32 up to 3.4e+38" in result.stderr


def test_pictures_of_other_kinds_are_refused() -> None:
    image = pytest.importorskip("PIL.Image")
    image.new("I;16", (5, 4), 40000).save("deep.png")
    result = run("--image", "deep.png")
    assert result.exit_code == 2
    assert re.search("kind I(;16)?, not of 8 bits a colour", result.stderr)  # as Pillow calls it
    # Pillow would hand this one to Ghostscript, which runs it as a program.
    Path("program.eps").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 5 4\n", "ascii")
    result = run("--image", "program.eps")
    assert result.exit_code == 2
    assert "is no picture that can be read" in result.stderr


@pytest.mark.parametrize(
    ("side", "told"), [(60_000, "more pixels than are safe"), (10_000, "10000x10000")]
)
def test_pictures_that_claim_to_be_huge_are_refused_unread(side: int, told: str) -> None:
    pytest.importorskip("PIL.Image")

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    size = side.to_bytes(4, "big") * 2 + bytes((8, 2, 0, 0, 0))
    picture = chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    Path("bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + picture)
    result = run("--image", "bomb.png")
    assert result.exit_code == 2
    assert told in result.stderr


def test_layers_may_be_called_as_numpy_calls_its_own() -> None:
    Path("tiny.yaml").write_text(
        "input: 4x5x3\nlayers: [conv: {name: file, filters: 2, kernel: 1},"
        " relu: {name: allow_pickle}]\n",
        encoding="utf-8",
    )
    assert run("--save-activations", "a.npz", "--save-weights", "w.npz").exit_code == 0
    assert set(arrays("a.npz")) == {"input", "file", "allow_pickle"}
    first = Path("a.npz").read_bytes()
    assert run("--weights", "w.npz", "--save-activations", "a.npz").exit_code == 0
    assert Path("a.npz").read_bytes() == first


def test_a_pipe_is_written_to_and_not_replaced() -> None:
    os.mkfifo("pipe")
    seen: list[bytes] = []
    reader = Thread(target=lambda: seen.append(Path("pipe").read_bytes()))
    reader.start()
    assert run("--save-weights", "pipe").exit_code == 0
    reader.join(10)
    assert Path("pipe").is_fifo()
    with np.load(io.BytesIO(seen[0])) as file:
        assert file["conv1.bias"].shape == (2,)


@pytest.mark.parametrize("option", ["--weights", "--image"])
def test_a_pipe_is_not_waited_for(option: str) -> None:
    os.mkfifo("pipe")
    result = run(option, "pipe")
    assert result.exit_code == 2
    assert "'pipe' cannot be read: it is a device or a pipe, not a file" in result.stderr


# -- numbers that are none -------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_the_first_layer_that_overflows_is_named() -> None:
    assert run("--save-weights", "w.npz").exit_code == 0
    assert "not finite" not in run().stdout
    large = arrays("w.npz")
    large["conv1.weight"] = np.copysign(np.float32(3e38), large["conv1.weight"])
    np.savez("large.npz", **large)
    result = run("--weights", "large.npz", "--format", "text")
    assert (result.exit_code, result.stderr) == (0, "")
    said = [line for line in result.stdout.splitlines() if "not finite" in line]
    assert [line.split()[0] for line in said] == ["conv1"]


def test_a_negative_running_variance_is_refused() -> None:
    text = "input: 4x5x3\nlayers: [conv: {filters: 2, kernel: 3}, batchnorm]\n"
    Path("tiny.yaml").write_text(text, encoding="utf-8")
    assert run("--save-weights", "w.npz").exit_code == 0
    assert run("--weights", "w.npz").exit_code == 0
    wrong = arrays("w.npz")
    (name,) = (name for name in wrong if name.endswith(".running_var"))
    wrong[name][1] = -0.5
    np.savez("wrong.npz", **wrong)
    result = run("--weights", "wrong.npz")
    assert result.exit_code == 2
    assert f"error[E502]: {name} holds -0.5, but a variance is never below 0" in result.stderr


@pytest.mark.parametrize("second", ["same.npz", "./same.npz"])
def test_two_results_are_not_written_to_one_file(second: str) -> None:
    result = run("--save-activations", "same.npz", "--save-weights", second)
    assert result.exit_code == 2
    assert "--save-activations and --save-weights name the same file" in result.stderr
    assert not Path("same.npz").exists()


def test_only_files_that_were_written_are_told() -> None:
    assert "Wrote" not in run().stdout
    told = [line for line in run("--save-weights", "w.npz").stdout.splitlines() if "Wrote" in line]
    assert told == ["Wrote w.npz."]
