"""`trainable: false`: what is frozen, by whose word, and where it is seen."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

import pytest

from shapecalc import Report, SpecErrors, compare, loads, summarize
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

CONV = "conv: {filters: 4, kernel: 3, pad: 1"  # 4*3*3*3 + 4 = 112 behind 3 channels, 148 behind 4


def frozen(layers: str, head: str = "") -> dict[str, int]:
    """Return the frozen parameters of the layers that have any."""
    report = summarize(loads(f"{head}\ninput: 8x8x3\nlayers: {layers}"))
    assert report.totals.frozen == sum(row.frozen for row in report)
    assert report.totals.trainable == report.totals.params - report.totals.frozen
    return {row.name: row.frozen for row in report if row.frozen}  # type: ignore[misc]


#: Layers, what stands before them in the spec, and what of them is frozen, counted by hand.
STATED: dict[str, tuple[str, str, dict[str, int]]] = {
    "nothing": (f"[{CONV}}}]", "", {}),
    "said of a layer": (f"[{CONV}, trainable: false}}, conv3-4]", "", {"conv1": 112}),
    "true is the default": (f"[{CONV}, trainable: true}}]", "", {}),
    "of a layer without parameters": ("[relu: {trainable: false}, conv3-4]", "", {}),
    "of buffers nothing": (
        "[batchnorm: {trainable: false}]",
        "",
        {"bn1": 6},  # the statistics are no parameters
    ),
    "a paper's word": ("[conv3-4: {trainable: false}]", "", {"conv1": 112}),
    "a group": (
        "[group: {name: g, trainable: false, layers: [conv3-4, relu, conv3-4]}, conv3-4]",
        "",
        {"g/conv1": 112, "g/conv2": 148},
    ),
    "a repeat without a name": (
        "[repeat: {times: 2, trainable: false, layers: [conv3-4]}, conv3-4]",
        "",
        {"conv1": 112, "conv2": 148},
    ),
    "a named repeat": (
        "[repeat: {name: r, times: 2, trainable: false, layers: [conv3-4]}]",
        "",
        {"r/1/conv1": 112, "r/2/conv1": 148},
    ),
    "the branches of a join": (
        "[concat: {trainable: false, a: [conv3-4], b: [conv1-4]}, conv1-4]",
        "",
        {"a/conv1": 112, "b/conv1": 16},
    ),
    "the branches of a named join": (
        "[add: {name: j, trainable: false, branches: [[conv3-3], []]}, conv1-4]",
        "",
        {"j/conv1": 84},
    ),
    "branches beside the flow": (
        "[side: {trainable: false, aux: [conv3-4]}, conv3-4]",
        "",
        {"aux/conv1": 112},
    ),
    "a block": (
        "[unit: {trainable: false}, unit]",
        "blocks: {unit: {layers: [conv3-4]}}",
        {"unit1/conv1": 112},
    ),
    "a block that thaws what is in it": (
        "[unit: {trainable: false}]",
        "blocks: {unit: {layers: [conv3-4, conv3-4: {trainable: true}]}}",
        {"unit1/conv1": 112},
    ),
    "a block's field": (
        "[unit: {cold: false}, unit: {cold: true}]",
        "blocks: {unit: {fields: [cold], layers: [conv3-4: {trainable: cold}]}}",
        {"unit1/conv1": 112},
    ),
    "a constant": ("[conv3-4: {trainable: t}]", "let: {t: false}", {"conv1": 112}),
    "a type's default": (
        "[conv3-4, dense: 2, conv1-4: {name: thawed, trainable: true, from: conv1}]",
        "defaults: {conv: {trainable: false}}",
        {"conv1": 112},
    ),
    "a statement around is stronger than a type's default": (
        "[group: {name: g, trainable: true, layers: [conv3-4]}, conv3-4]",
        "defaults: {conv: {trainable: false}}",
        {"conv1": 148},
    ),
    "the whole network": ("[conv3-4, dense: 2]", "trainable: false", {"conv1": 112, "fc1": 514}),
    "the whole network but its head": (
        "[conv3-4, dense: {units: 2, trainable: true}]",
        "trainable: false",
        {"conv1": 112},
    ),
    "a type is nearer than the whole": (
        "[conv3-4, dense: 2]",
        "trainable: false\ndefaults: {dense: {trainable: true}}",
        {"conv1": 112},
    ),
    "a constant for the whole": (
        "[conv3-4]",
        "let: {train: false}\ntrainable: train",
        {"conv1": 112},
    ),
    "shared weights are their owner's": (
        "[conv3-3: {trainable: false}, conv3-3: {share: conv1}]",
        "",
        {"conv1": 84},
    ),
}


@pytest.mark.parametrize("case", STATED)
def test_what_is_frozen(case: str) -> None:
    layers, head, expected = STATED[case]
    assert frozen(layers, head) == expected


#: What a spec that extends VGG-16 says, and its frozen parameters (published.md: conv1_1 1,792,
#: conv1_2 36,928; a change of a base's layer, of an inserted one, and of a type).
EXTENDING = {
    "change: {conv1_1: {trainable: false}}": 1792,
    "change: {conv1_1: {trainable: false}, conv1_2: {trainable: false}}": 38720,
    "after: {conv1_1: [conv3-64: {name: more, trainable: false}]}": 36928,
    "trainable: false": 138357544,
    "trainable: false\nchange: {fc8: {units: 10, trainable: true}}": 134260544,
    "defaults: {conv: {trainable: false}}": 14714688,
    "defaults: {conv: {trainable: false}}\nchange: {conv1_1: {trainable: true}}": 14712896,
}


@pytest.mark.parametrize("text", EXTENDING)
def test_a_spec_freezes_layers_of_its_base(text: str) -> None:
    report = summarize(loads(f"extends: vgg16\n{text}"))
    assert report.totals.frozen == EXTENDING[text]


def test_a_change_thaws_again(tmp_path: Path) -> None:
    (tmp_path / "cold.yaml").write_text(
        "extends: resnet18\nchange: {conv2_x: {trainable: false}, conv3_x: {trainable: false}}\n",
        encoding="utf-8",
    )
    (tmp_path / "warm.yaml").write_text(
        "extends: cold\nchange: {conv3_x: {trainable: true}}\n", encoding="utf-8"
    )
    cold, warm = (summarize(tmp_path / f"{name}.yaml") for name in ("cold", "warm"))
    assert warm["conv3_x"].frozen == 0
    assert cold.totals.frozen == warm.totals.frozen + cold["conv3_x"].params  # type: ignore[operator]
    assert warm.totals.frozen == warm["conv2_x"].params


@pytest.mark.parametrize(
    "value", ["no", "0", '"false"', "[false]", "off", "False", "[]", "{a: 1}", "x"]
)
def test_only_true_and_false_are_booleans(value: str) -> None:
    for layer in (
        f"conv3-4: {{trainable: {value}}}",
        f"group: {{name: g, trainable: {value}, layers: [conv3-4]}}",
        f"concat: {{trainable: {value}, a: [conv3-4], b: []}}",
    ):
        with pytest.raises(SpecErrors) as raised:
            summarize(loads(f"input: 8x8x3\nlayers: [{layer}]"))
        assert [problem.code for problem in raised.value.problems] == ["E110"]
        assert "trainable takes true or false" in raised.value.problems[0].message


def test_the_nearest_file_says_of_all(tmp_path: Path) -> None:
    (tmp_path / "cold.yaml").write_text("extends: lenet5\ntrainable: false\n", encoding="utf-8")
    (tmp_path / "still.yaml").write_text("extends: cold\n", encoding="utf-8")
    (tmp_path / "warm.yaml").write_text("extends: cold\ntrainable: true\n", encoding="utf-8")
    totals = {n: summarize(tmp_path / f"{n}.yaml").totals.frozen for n in ("cold", "still", "warm")}
    assert totals == {"cold": 61706, "still": 61706, "warm": 0}


@pytest.mark.parametrize("word", ["requires_grad", "frozen", "freeze", "trainble", "Trainable"])
def test_other_tools_words_for_it_are_known(word: str) -> None:
    with pytest.raises(SpecErrors) as raised:
        summarize(loads(f"input: 8x8x3\nlayers: [conv3-4: {{{word}: false}}]"))
    assert raised.value.problems[0].hint == "did you mean 'trainable'?"


@pytest.mark.parametrize(("owner", "user"), [(True, False), (False, True)])
def test_one_array_is_not_both_trained_and_frozen(owner: bool, user: bool) -> None:
    text = (
        f"input: 8x8x3\nlayers: [conv3-3: {{trainable: {str(owner).lower()}}},"
        f" conv3-3: {{share: conv1, trainable: {str(user).lower()}}}]"
    )
    with pytest.raises(SpecErrors) as raised:
        summarize(loads(text))
    assert [problem.code for problem in raised.value.problems] == ["E154"]


def test_no_field_of_a_block_is_called_so() -> None:
    with pytest.raises(SpecErrors) as raised:
        loads("input: 8x8x3\nblocks: {u: {fields: [trainable], layers: [relu]}}\nlayers: [u: true]")
    assert raised.value.problems[0].code == "E117"


FROZEN = f"input: 8x8x3\nlayers: [{CONV}, trainable: false}}, relu, dense: 5]"
FC = 8 * 8 * 4 * 5 + 5


def shown(*words: str, text: str = FROZEN) -> str:
    result = runner().invoke(main, ["summarize", "-", *words], input=text)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_column_says_what_is_trained_where_anything_is_frozen() -> None:
    assert "trainable" not in shown(text=FROZEN.replace("false", "true"))
    table = shown()
    header = next(line for line in table.splitlines() if line.startswith("layer"))
    assert header.split()[-6:] == ["output", "params", "trainable", "MACs", "activations", "rf"]
    lines = {line.split("  ")[0]: " ".join(line.split()) for line in table.splitlines()}
    assert lines["conv1"] == "conv1 conv 4 3x3, pad 1, frozen 8x8x3 8x8x4 112 0 6,912 256 3"
    assert lines["parameters, trainable"] == f"parameters, trainable {FC:,}"
    assert lines["parameters, frozen"] == "parameters, frozen 112"
    assert "weights + biases, trained and frozen" in table


def test_programs_get_it_by_name() -> None:
    rows = list(csv.DictReader(StringIO(shown("-f", "csv"))))
    assert [(row["trainable"], row["frozen"]) for row in rows] == [
        ("0", "0"), ("0", "112"), ("0", "0"), (str(FC), "0"),
    ]  # fmt: skip
    document = json.loads(shown("-f", "json"))
    assert document["totals"]["trainable"] == FC
    assert document["totals"]["frozen"] == 112
    assert [row["trainable"] for row in document["rows"]] == [0, 0, 0, FC]
    plain = json.loads(shown("-f", "json", text=FROZEN.replace("false", "true")))
    assert "frozen" not in plain["totals"]
    asked = shown("-f", "csv", "-c", "name,trainable,frozen", text=FROZEN.replace("false", "true"))
    assert asked.splitlines()[2] == "conv1,112,0"


def test_formulas_have_it_too() -> None:
    report = summarize(loads(FROZEN.replace("8x8x3", "HxWx3")))
    assert str(report.at(H=8, W=8).totals.trainable) == str(FC)
    assert report.totals.frozen == 112


def test_a_comparison_says_what_was_frozen() -> None:
    before, after = (summarize(loads(text)) for text in (FROZEN.replace("false", "true"), FROZEN))
    found = compare(before, after)
    assert not found.same
    (changed,) = (row for row in found.rows(0) if row.statuses[0] == "changed")
    assert [change.text for change in changed.changes[0]] == ["trainable true -> false"]
    table = str(found)
    assert "trainable true -> false" in table
    assert "parameters, frozen" in table
    assert "weights + biases, trained and frozen" in table


def test_a_comparison_can_fail_by_it(tmp_path: Path) -> None:
    for name, text in {"a": FROZEN.replace("false", "true"), "b": FROZEN}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    files = [str(tmp_path / f"{name}.yaml") for name in "ab"]
    held = runner().invoke(main, ["compare", *files, "--fail-if", "frozen > 100"])
    assert held.exit_code == 1
    assert "frozen > 100: b has 112" in held.stderr
    passed = runner().invoke(main, ["compare", *files, "--fail-if", "trainable > 1397"])
    assert passed.exit_code == 0


def explained(report: Report, name: str, *words: str) -> str:
    from shapecalc import explain

    return " ".join(str(explain(report, name, *words)).split())


def test_an_explanation_says_that_it_is_frozen() -> None:
    report = summarize(
        loads(
            "input: 8x8x3\nlayers: [group: {name: g, layers: [conv3-3: {trainable: false}, conv3-3]},"
            " conv3-3: {name: twin, share: g/conv1}]"
        )
    )
    assert "Here they are frozen (trainable: false)" in explained(report, "g/conv1")
    assert "frozen (trainable" not in explained(report, "g/conv2")
    assert "Frozen (trainable: false) are 84 of them, and 84 are trained." in explained(report, "g")
    assert "They are frozen together and counted there, once" in explained(report, "twin")


def test_a_homework_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(FROZEN, encoding="utf-8")
    homework = tmp_path / "homework.yaml"
    homework.write_text("spec: net.yaml\ncolumns: [params, trainable, frozen]\n", encoding="utf-8")
    answers = tmp_path / "answers.csv"
    answers.write_text(
        f"layer,params,trainable,frozen\nconv1,112,0,112\nfc1,{FC},{FC},112\n", encoding="utf-8"
    )
    result = runner().invoke(
        main, ["homework", "check", str(answers), "--homework", str(homework), "-f", "json"]
    )
    cells = json.loads(result.stdout)["cells"]
    right = {(cell["layer"], cell["column"]): cell["verdict"] for cell in cells}
    assert right["conv1", "trainable"] == right["conv1", "frozen"] == "right"
    assert right["fc1", "trainable"] == "right"
    assert right["fc1", "frozen"] == "wrong"
    sheet = runner().invoke(main, ["homework", "sheet", str(homework), "-f", "text"])
    assert "conv 4 3x3, pad 1, frozen" in sheet.stdout  # it can be derived from what stands there


@pytest.mark.parametrize(
    ("of_all", "owner", "user", "frozen"),
    [
        ("trainable: false\n", ", trainable: true", "", False),
        ("defaults: {conv: {trainable: false}}\n", ", trainable: true", "", False),
        ("trainable: true\n", ", trainable: false", "", True),
        ("trainable: false\n", "", "", True),
        ("trainable: false\n", ", trainable: true", ", trainable: true", False),
    ],
)
def test_what_is_said_of_all_yields_to_the_owner_of_shared_weights(
    of_all: str, owner: str, user: str, frozen: bool
) -> None:
    conv = "conv: {filters: 3, kernel: 3, pad: 1"
    totals = summarize(
        loads(f"input: 8x8x3\n{of_all}layers: [{conv}{owner}}}, {conv}, share: conv1{user}}}]")
    ).totals
    assert totals.params == 3 * 3 * 3 * 3 + 3
    assert totals.frozen == (totals.params if frozen else 0)
