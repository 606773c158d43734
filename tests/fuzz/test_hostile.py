"""Inputs that are made to hurt: each is answered in bounded time, with a report or a message."""

from __future__ import annotations

import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from tests.fuzz.judge import judge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "input: 32x32x3\n"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail when a block takes longer; generous, since CI machines are slow."""
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < seconds


def bomb(width: int, depth: int) -> str:
    """Return lists of aliases of lists of aliases: width**depth values."""
    lines = ["x-a0: &a0 [" + ", ".join(["1"] * width) + "]\n"]
    for i in range(1, depth):
        lines.append(f"x-a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * width) + "]\n")
    return "".join(lines)


def nested_blocks(depth: int, fan: int = 1) -> str:
    blocks = "".join(
        f"  b{i}: {{layers: [{', '.join([f'b{i + 1}'] * fan)}]}}\n" for i in range(depth)
    )
    return f"{HEAD}blocks:\n{blocks}  b{depth}: {{layers: [relu]}}\nlayers: [b0]\n"


CASES: dict[str, tuple[str, str]] = {
    "an alias bomb": (HEAD + bomb(9, 9) + "layers: [relu]\n", "E104"),
    "a tall alias bomb": (HEAD + bomb(2, 40) + "layers: [relu]\n", "E104"),
    "an alias bomb of layers": (
        HEAD + bomb(9, 9).replace("1", "relu") + "layers: *a8\n", "E104",
    ),
    "aliases of statements": (
        HEAD + "x-a: &a [relu]\nlayers: [repeat: {times: 2, layers: *a}, "
        "repeat: {times: 2, layers: *a}]\n",
        "ok",
    ),
    "an alias of itself": (HEAD + "layers: &a [relu, *a]\n", "E101"),
    "an alias used 100,000 times": (
        HEAD + "x-c: &c {filters: 3, kernel: 1}\nlayers:\n" + "- conv: *c\n" * 100_000, "E104",
    ),
    "an alias used 10,000 times": (
        HEAD + "x-c: &c {filters: 3, kernel: 1}\nlayers:\n" + "- conv: *c\n" * 10_000, "ok",
    ),
    "a thousand nested lists": (HEAD + "layers: " + "[" * 1000 + "]" * 1000, "E103"),
    "a million open brackets": ("[" * 1_000_000, "E103"),
    "a million open braces": ("{" * 1_000_000, "E103"),
    "a thousand nested maps": (HEAD + "x-a: " + "{a: " * 1000 + "1" + "}" * 1000, "E103"),
    "a thousand nested blocks of text": (
        "".join(" " * i + "a:\n" for i in range(1000)), "E103",
    ),
    "a repeat of 10**9": (HEAD + "layers: [repeat: {times: 10**9, layers: [relu]}]\n", "E153"),
    "a repeat of nothing, 10**9 times": (
        HEAD + "layers: [repeat: {times: 10**9, layers: []}]\n", "E153",
    ),
    "nested repeats of nothing": (
        HEAD + "layers: [" + "repeat: {times: 1000000, layers: [" * 10 + "]}" * 10 + "]\n", "E153",
    ),
    "a named repeat of 10**9": (
        HEAD + "layers: [repeat: {name: r, times: 10**9, layers: [relu]}]\n", "E153",
    ),
    "a repeat beyond the largest field": (
        HEAD + "layers: [repeat: {times: 10**10, layers: []}]\n", "E114",
    ),
    "a million layers in a repeat": (
        HEAD + "layers: [repeat: {times: 1000000, layers: [relu]}]\n", "E153",
    ),
    "blocks that use blocks, 50 deep": (nested_blocks(50), "ok"),
    "blocks that use blocks, 100 deep": (nested_blocks(100), "E103"),
    "blocks that double, 40 deep": (nested_blocks(40, 2), "E153"),
    "a chain of 10,000 names": (
        HEAD + "let:\n  a0: 1\n" + "".join(f"  a{i}: a{i - 1}\n" for i in range(1, 10_000))
        + "layers: [dense: a9999]\n",
        "ok",
    ),
    "a chain of 10,000 sums": (
        HEAD + "let:\n  a0: 1\n" + "".join(f"  a{i}: a{i - 1} + 1\n" for i in range(1, 10_000))
        + "layers: [dense: a9999]\n",
        "ok",
    ),
    "a chain of 10,000 sums, backwards": (
        HEAD + "let:\n" + "".join(f"  a{i}: a{i - 1} + 1\n" for i in range(9_999, 0, -1))
        + "  a0: 1\nlayers: [dense: a9999]\n",
        "E115",
    ),
    "a circle of 10,000 names": (
        HEAD + "let:\n" + "".join(f"  a{i}: a{(i + 1) % 10_000}\n" for i in range(10_000))
        + "layers: [dense: a0]\n",
        "E118",
    ),
    "names that double": (
        HEAD + "let:\n  a0: 0\n" + "".join(f"  a{i}: a{i - 1}+a{i - 1}\n" for i in range(1, 60))
        + "layers: [dense: a59 + 1]\n",
        "ok",
    ),
    "arguments that double through blocks": (
        HEAD + "blocks:\n"
        + "".join(f"  b{i}: {{fields: [n], layers: [b{i + 1}: n + n - n]}}\n" for i in range(50))
        + "  b50: {fields: [n], layers: [dense: n]}\nlayers: [b0: channels]\n",
        "ok",
    ),
    "a very long layer name": (HEAD + f"layers: [relu: {{name: {'a' * 1_000_000}}}]\n", "E117"),
    "a very long key": (f"{'a' * 1_000_000}: 3\n" + HEAD + "layers: [relu]\n", "E111"),
    "a very long type": (HEAD + f"layers: [{'a' * 1_000_000}]\n", "E112"),
    "a very long field": (HEAD + f"layers: [conv: {{{'k' * 100_000}: 1}}]\n", "E111"),
    "a very long reference": (HEAD + f"layers: [relu: {{from: {'a' * 1_000_000}}}]\n", "E150"),
    "a very long path": (HEAD + f"layers: [relu: {{from: {'a/' * 300_000}a}}]\n", "E150"),
    "a very long number": (HEAD + f"layers: [dense: {'9' * 1_000_000}]\n", "E115"),
    "a number of 300 digits": (HEAD + f"layers: [dense: {'9' * 300}]\n", "E114"),
    "a very long expression": (HEAD + f"layers: [dense: {'1+' * 500_000}1]\n", "E115"),
    "an expression of 300 signs": (HEAD + f"layers: [dense: {'1+' * 149}1]\n", "ok"),
    "a deep expression": (HEAD + f"layers: [dense: {'(' * 140}1{')' * 140}]\n", "E115"),
    "a tower of powers": (HEAD + f"layers: [dense: {'2**' * 90}2]\n", "E115"),
    "a very long line": (HEAD + "layers: [" + "relu, " * 50_000 + "rellu]\n", "E112"),
    "a very long input": ("input: " + "1x" * 500_000 + "1\nlayers: [relu]\n", "E110"),
    "an input made for a slow pattern": ("input: " + "ax" * 50_000 + "!\nlayers: [relu]\n", "E110"),
    "a very long name of the network": (f"name: {'a' * 100_000}\n" + HEAD + "layers: [relu]\n", "ok"),
    "long names, deeply nested": (
        HEAD + "layers: [" + "".join(f"group: {{name: {'a' * 100}, layers: [" for _ in range(20))
        + "]}" * 20 + "]\n",
        "E117",
    ),
    "extents that explode": (
        HEAD + "layers: [repeat: {times: 100000, layers: [upsample: 1000000000]}]\n", "E114",
    ),
    "channels that explode": (
        HEAD + "layers: [repeat: {times: 100000, layers: [concat: [[], []]]}]\n", "E114",
    ),
    "a receptive field that explodes": (
        "input: 1x1x1\nlayers: [repeat: {times: 100000, layers: [pad: 1, maxpool: 3]}]\n", "E114",
    ),
    "a receptive field in ever smaller parts": (
        "input: 1x1x1\nlayers: [repeat: {times: 100000, layers: [upsample: 3, crop: {to: 1}]}]\n",
        "E114",
    ),
    "a huge kernel": (
        "input: 1000000000x1000000000x1000000000\n"
        "layers: [conv: {filters: 1000000000, kernel: 1000000000}]\n",
        "ok",
    ),
    "a billion squared in one vector": ("input: 1000000000x1000000000x3\nlayers: [flatten]\n", "E114"),
    "100,000 mistakes": (HEAD + "layers:\n" + "- rellu\n" * 100_000, "E112"),
    "100,000 different mistakes": (
        HEAD + "layers:\n" + "".join(f"- rellu{i}\n" for i in range(100_000)), "E112",
    ),
    "100,000 unknown names": (HEAD + "layers:\n" + "- relu: {from: foo}\n" * 100_000, "E150"),
    "one unknown name in 100,000 rounds": (
        HEAD + "layers: [repeat: {times: 100000, layers: [relu: {from: foo}]}]\n", "E150",
    ),
    "one bad field in 50,000 rounds": (
        HEAD + "layers: [repeat: {times: 50000, layers: [conv: {filters: q, kernel: 1}]}]\n", "E116",
    ),
    "50,000 names that shares follow": (
        "input: 3\nlayers:\n- dense: {name: d0, units: 3}\n"
        + "".join(f"- dense: {{name: d{i}, units: 3, share: d{i - 1}}}\n" for i in range(1, 20_000)),
        "ok",
    ),
    "20,000 references to references": (
        "input: 3\nblocks: {p: {layers: []}}\nlayers:\n- relu\n- p: {name: p0}\n"
        + "".join(f"- p: {{name: p{i}, from: p{i + 1}}}\n" for i in range(1, 20_000))
        + "- p: {name: p20000, from: relu1}\n- tanh: {from: p1}\n",
        "ok",
    ),
    "20,000 layers in a circle": (
        "input: 3\nlayers:\n- relu: {name: a, from: relu20000}\n" + "- relu\n" * 19_999, "E151",
    ),
    "20,000 layers written backwards": (
        "input: 3\nlayers:\n"
        + "".join(f"- relu: {{name: r{i}, from: r{i + 1}}}\n" for i in range(20_000))
        + "- relu: {name: r20000, from: input}\n",
        "ok",
    ),
    "a join of 20,000 branches": (
        HEAD + "layers:\n- concat:\n" + "  - [conv1-1]\n" * 0 + "    branches:\n"
        + "    - [conv1-1]\n" * 20_000,
        "ok",
    ),
    "colours in a name": (HEAD + 'layers: [relu: {name: "\\e[31mred\\e[0m"}]\n', "E117"),
    "a bell in a key": (HEAD + '"\\a": 3\nlayers: [relu]\n', "E111"),
    "a new line in a type": (HEAD + 'layers: ["re\\nlu"]\n', "E112"),
    "a null in a reference": (HEAD + 'layers: [relu: {from: "a\\0b"}]\n', "E150"),
    "a null in a file's name": ('extends: "a\\0b"\n', "E001"),
    "text that runs from right to left": (HEAD + 'layers: ["\\u202Erelu"]\n', "E112"),
    "half a character": (HEAD + 'layers: [relu: {name: "\\ud800"}]\n', "E101"),
    "line ends of other alphabets": ("name: a\u2028b\u0085c\n" + HEAD + "layers: [rellu]\n", "E101"),
    "carriage returns": (HEAD.replace("\n", "\r") + "layers: [rellu]\r", "E112"),
    "a byte order mark": ("\ufeff" + HEAD + "layers: [relu]\n", "ok"),
    "only a comment of 1 MB": ("#" * 1_000_000, "E006"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered(name: str) -> None:
    text, code = CASES[name]
    with within(20):
        assert judge(text) == code


def test_100_000_layers_are_computed() -> None:
    text = HEAD + "layers:\n" + "- conv: {filters: 64, kernel: 3, pad: 1}\n- relu\n" * 50_000
    with within(30):
        report = shapecalc.summarize(shapecalc.loads(text))
    assert len(report.rows) == 100_001
    # the first 64 x 3 x 9 + 64, the others 64 x 64 x 9 + 64
    assert report.totals.params == 1_792 + 49_999 * 36_928


def test_a_million_layers_are_refused_politely() -> None:
    with within(30):
        assert judge(HEAD + "layers:\n" + "- relu\n" * 1_000_000) == "E153"


def test_a_file_of_100_mb(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    with within(5), pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path)
    assert caught.value.problems[0].code == "E005"


def test_a_device_without_end() -> None:
    if not os.path.exists("/dev/zero"):  # noqa: PTH110
        pytest.skip("there is no /dev/zero here")
    with within(5), pytest.raises(SpecErrors) as caught:
        shapecalc.summarize("/dev/zero")
    assert caught.value.problems[0].code == "E005"


def test_standard_input_without_end() -> None:
    with within(10):
        result = CliRunner().invoke(main, ["summarize", "-"], input=b"#" * 50_000_000)
    assert result.exit_code == 2
    assert "E005" in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    # `shapecalc summarize <(generate)` names a pipe.  One that nobody writes to is waited for, as
    # every tool does.
    path = tmp_path / "pipe.yaml"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("input: 3\nlayers: [dense: 2]\n",))
    writer.start()
    report = shapecalc.summarize(path)
    writer.join()
    assert report.totals.params == 8


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0,
    reason="permissions do not bind root; tests/errors simulates a refusal",
)
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text("input: 3\nlayers: []\n")
    path.chmod(0)
    with pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(path)
    assert caught.value.problems[0].code == "E003"


@pytest.mark.parametrize(
    "name", ["", ".", "/", "a\0b", "a" * 5000, "a/" * 2000, "\udcff", "-x", "~", "*", "con", "..yaml"]
)
def test_names_of_files_that_cannot_be(name: str) -> None:
    with within(5), pytest.raises(SpecErrors) as caught:
        shapecalc.summarize(name)
    assert caught.value.problems[0].code in ("E001", "E002", "E003")


def test_binary_files(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    for data in (bytes(range(256)), b"\x00" * 1000, b"\xff\xfe" * 100, b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"):
        path.write_bytes(data)
        with pytest.raises(SpecErrors) as caught:
            shapecalc.summarize(path)
        assert caught.value.problems[0].code in ("E004", "E101")


def test_a_message_shows_no_control_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x1b[31m.yaml").write_text('input: 3\nlayers: ["\\e[31m\\a\\b", "\\u202E"]\n')
    result = CliRunner().invoke(main, ["summarize", "a\x1b[31m.yaml"])
    assert result.exit_code == 2
    assert all(character.isprintable() or character == "\n" for character in result.stderr)
