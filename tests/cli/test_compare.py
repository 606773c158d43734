"""`shapecalc compare` as a user meets it: outputs, options, exit codes."""

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest
from click.testing import Result

from shapecalc.cli import main
from tests.runner import runner

SPEC = """\
name: {name}
input: 8x9x2
let: {{k: 3}}
layers:
  - conv: {{filters: k, kernel: {kernel}}}
  - relu
  - dense: {units}
"""


def run(*words: str, text: str | None = None) -> Result:
    return runner().invoke(main, ["compare", *words], input=text, catch_exceptions=False)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with two networks."""
    monkeypatch.chdir(tmp_path)
    # params: 3*2*5*5 + 3 + 4*5*3*7 + 7 = 580, and 3*2*3*3 + 3 + 6*7*3*7 + 7 = 946
    Path("main.yaml").write_text(SPEC.format(name="Net", kernel=5, units=7), encoding="utf-8")
    Path("mine.yaml").write_text(SPEC.format(name="Net", kernel=3, units=7), encoding="utf-8")
    return tmp_path


def test_two_files() -> None:
    result = run("main.yaml", "mine.yaml")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("main.yaml -> mine.yaml\n")
    assert "kernel 5 -> 3" in result.stdout
    assert "580 -> 946" in result.stdout
    assert "x1.63 (+63.1 %)" in result.stdout


def test_standard_input_is_one_network() -> None:
    text = Path("mine.yaml").read_text(encoding="utf-8")
    assert "580 -> 946" in run("main.yaml", "-", text=text).stdout


def test_the_same_network_twice() -> None:
    result = run("main.yaml", "main.yaml", "--fail-if-changed")
    assert result.exit_code == 0
    assert "The networks do not differ." in result.stdout


def test_names_alone_are_no_difference() -> None:
    text = Path("main.yaml").read_text(encoding="utf-8").replace("name: Net", "name: Other")
    Path("other.yaml").write_text(text, encoding="utf-8")
    assert run("main.yaml", "other.yaml", "--fail-if-changed").exit_code == 0


@pytest.mark.parametrize(
    ("conditions", "code", "said"),
    [
        (["params > 946"], 0, ["passed: params > 946: mine.yaml has 946"]),
        (["params > 945"], 1, ["failed: params > 945: mine.yaml has 946"]),
        (
            ["params >= 946", "macs > 1G"],
            1,
            [
                "failed: params >= 946: mine.yaml has 946",
                "passed: macs > 1G: mine.yaml has 3,150",
            ],
        ),
        (
            ["params > 1.7x"],
            0,
            [
                "passed: params > 1.7x: mine.yaml has 946, main.yaml has 580: x1.63 (+63.1 %)",
            ],
        ),
        (
            ["params > 1.6x", "layers == 2"],
            1,
            [
                "failed: params > 1.6x: mine.yaml has 946, main.yaml has 580: x1.63 (+63.1 %)",
                "failed: layers == 2: mine.yaml has 2",
            ],
        ),
        (
            ["params < 600"],
            0,
            ["passed: params < 600: mine.yaml has 946"],
        ),  # of the first network no condition is asked
    ],
)
def test_conditions(conditions: list[str], code: int, said: list[str]) -> None:
    words = [word for each in conditions for word in ("--fail-if", each)]
    result = run("main.yaml", "mine.yaml", *words)
    assert result.exit_code == code
    assert result.stderr.splitlines() == said
    assert "580 -> 946" in result.stdout


def test_conditions_hold_for_every_network_after_the_first() -> None:
    result = run("lenet5", "alexnet", "vgg16", "--fail-if", "params > 60M")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "failed: params > 60M: AlexNet has 62,378,344",
        "failed: params > 60M: VGG-16 has 138,357,544",
    ]


def test_conditions_that_hold_for_none_are_told_with_all_numbers() -> None:
    result = run("lenet5", "alexnet", "vgg16", "--fail-if", "params > 1e9", "--fail-if-changed")
    assert result.stderr.splitlines()[0] == (
        "passed: params > 1e9: AlexNet has 62,378,344; VGG-16 has 138,357,544"
    )
    same = run("lenet5", "lenet5", "--fail-if-changed")
    assert (same.exit_code, same.stderr) == (
        0,
        "passed: nothing differs between LeNet-5 (1) and LeNet-5 (2)\n",
    )


def test_a_change_fails() -> None:
    result = run("main.yaml", "mine.yaml", "--fail-if-changed")
    assert result.exit_code == 1
    assert result.stderr == (
        "failed: mine.yaml against main.yaml: 1 layer changed, 2 with another input, 1 the same;"
        " params 580 -> 946, macs 3,420 -> 3,150\n"
    )


def test_a_count_may_be_a_condition_with_a_profile() -> None:
    assert run("main.yaml", "mine.yaml", "--fail-if", "count > 1").exit_code == 2
    words = ("--profile", "full", "--fail-if", "count > 1")
    assert run("main.yaml", "mine.yaml", *words).exit_code == 1


def test_settings_and_inputs_are_for_all() -> None:
    result = run("main.yaml", "mine.yaml", "--set", "k=1", "--input", "7x6x1", "-f", "json")
    first, second = json.loads(result.stdout)["networks"]
    assert first["totals"]["params"] == 25 + 1 + 3 * 2 * 7 + 7
    assert second["totals"]["params"] == 9 + 1 + 5 * 4 * 7 + 7


def test_options_that_scale() -> None:
    words = ("--batch", "10", "--dtype", "float16", "-f", "json", "--columns", "memory")
    data = json.loads(run("main.yaml", "mine.yaml", *words).stdout)
    assert data["rows"][1]["memory"] == [4 * 5 * 3 * 10 * 2, 6 * 7 * 3 * 10 * 2]
    out = run("lenet5", "vgg16", "--units", "M").stdout
    assert "params (M)" in out
    assert "0.06 -> 138.36" in out


def test_the_suffix_decides_the_format() -> None:
    result = run("main.yaml", "mine.yaml", "-o", "both.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO(Path("both.csv").read_text(encoding="utf-8"))))
    assert [row["status_2"] for row in rows] == ["same", "changed", "affected", "affected"]
    assert rows[1]["changes_2"] == "kernel 5 -> 3"


def test_the_output_is_written_though_a_condition_holds() -> None:
    result = run("main.yaml", "mine.yaml", "-o", "both.md", "--fail-if", "params > 1")
    assert result.exit_code == 1
    assert "946" in Path("both.md").read_text(encoding="utf-8")


def test_whatever_is_wrong_with_any_network_is_told_and_nothing_written() -> None:
    Path("bad.yaml").write_text("input: 8x9x2\nlayers: [rleu]\n", encoding="utf-8")
    result = run("bad.yaml", "alexnt", "bad.yaml", "-o", "both.md")
    assert result.exit_code == 2
    assert result.stderr.count("error[") == 2
    assert "error[E112]" in result.stderr
    assert "error[E001]" in result.stderr
    assert sorted(os.listdir()) == ["bad.yaml", "main.yaml", "mine.yaml"]


def test_no_network_is_a_wrong_usage() -> None:
    assert run().exit_code == 2


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("alexnet zfnet --width 100", "--columns chooses others, a larger --width shows all."),
        ("alexnet zfnet --width 140", "a larger --width shows them."),
        ("alexnet zfnet --columns output,params --width 60", "a larger --width shows them."),
    ],
)
def test_the_columns_of_differences_need_a_wider_page(words: str, remedy: str) -> None:
    result = runner().invoke(main, ["compare", *words.split(), "-f", "text"])
    text = " ".join(result.stdout.split())
    assert re.search(rf"Left out [^;]*\+/- params[^;]*;[^;]*;? ?{re.escape(remedy)}", text)
    assert "Left out" not in runner().invoke(main, ["compare", *words.split()[:-1], "300"]).stdout


def test_a_device_and_types_are_those_of_summarize() -> None:
    device = ["--device", "ops=1T, bandwidth=10G", "-c", "least_time,bound"]
    done = run("lenet5", "lenet5-1998", *device, "-f", "json")
    assert done.exit_code == 0
    conv1 = next(row for row in json.loads(done.stdout)["rows"] if row["names"][0] == "conv1")
    # 156 parameters, 1,024 inputs and 4,704 outputs of 4 bytes, at 10 GB a second
    assert conv1["least_time"][0] == 23_536 / 10_000
    assert conv1["bound"][0] == "memory"
    refused = ["--fail-if", "ram > 1KB", "--fail-if", "flash > 250KB", "--dtype", "int8"]
    done = run("lenet5", "lenet5", *refused, "-f", "text")
    assert done.exit_code == 1
    assert done.stderr == (
        "failed: ram > 1KB: LeNet-5 (2) has 5,880 bytes\n"
        "passed: flash > 250KB: LeNet-5 (2) has 61,706 bytes\n"
    )
    assert "flash: parameters, buffers" in done.stdout
