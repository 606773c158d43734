"""Several networks in one homework: judged as each alone, wherever the answers say which is meant."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.homework.variants.lint import lint
from shapecalc.output.formats import write
from shapecalc.text import Source
from tests.runner import runner

BOTH = """\
title: Two of them
specs: {small: lenet5, large: {spec: alexnet, input: 231x231x3}}
layers: [small/conv1, small/pool1, small/fc1, small/total, large/conv1, large/pool1, large/conv2,
  large/fc6, large/total, total]
"""
#: Answers with slips: a forgotten bias, a forgotten +1 and what follows from it, wrong sums.
SMALL = {
    "conv1": ("27x27x6", "150", "117600"),
    "pool1": ("13x13x6", "12", "0"),
    "fc1": ("84", "10164", "10080"),
    "total": ("", "61,000", "416,520"),
}
LARGE = {
    "conv1": ("55x55x96", "34848", "109,314,048"),
    "pool1": ("27x27x96", "0", "0"),
    "conv2": ("27x27x256", "614656", "447897600"),
    "fc6": ("4096", "37752832", "37748736"),
    "total": ("", "62378344", "1,135,256,096"),
}


def homework(text: str = BOTH):
    return read_homework(Source("homework.yaml", text))


def csv(*tables: tuple[str, dict[str, tuple[str, ...]]], head: str = "layer;output;params;macs"):
    lines = [head]
    for before, rows in tables:
        lines += [f"{before}{layer};{';'.join(cells)}" for layer, cells in rows.items()]
    return "\n".join(lines).encode()


def outcome(checked):
    return {
        judged_cell.cell.at: (
            judged_cell.verdict,
            judged_cell.marks,
            {d.ids for d in judged_cell.diagnoses[:1]},
        )
        for judged_cell in checked.cells
    }


def alone(spec: str, rows, layers: str):
    assigned = homework(
        f"spec: {spec}\nlayers: [{layers}]\n" + ("input: 231x231x3\n" if spec == "alexnet" else "")
    )
    return outcome(check(assigned, read_answers(csv(("", rows)), "a.csv")))


def test_networks_together_are_judged_as_each_alone() -> None:
    result = outcome(
        check(homework(), read_answers(csv(("small/", SMALL), ("large/", LARGE)), "a.csv"))
    )
    small = alone("lenet5", SMALL, "conv1, pool1, fc1, total")
    large = alone("alexnet", LARGE, "conv1, pool1, conv2, fc6, total")
    expected = {(f"small/{layer}", column): item for (layer, column), item in small.items()}
    expected |= {(f"large/{layer}", column): item for (layer, column), item in large.items()}
    for at, (verdict, marks, _) in expected.items():
        assert result[at][:2] == (verdict, marks), at
    # what is certain of one network may be ranked otherwise by the columns of both
    same = [result[at][2] == ids for at, (_, _, ids) in expected.items()]
    assert sum(same) >= len(same) - 2
    assert {"misconception", "right_follow_through", "right"} <= {
        pair[0] for pair in result.values()
    }


def test_keys_are_those_of_the_networks() -> None:
    keys = {cell.at: cell.key for cell in homework().cells}
    small = shapecalc.summarize("lenet5")
    large = shapecalc.summarize("alexnet", input="231x231x3")
    assert keys["small/total", "params"] == small.totals.params
    assert keys["large/total", "macs"] == large.totals.macs
    assert keys["total", "params"] == small.totals.params + large.totals.params
    assert keys["large/conv2", "output"] == large["conv2"].output


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (csv(("small/", SMALL), ("large/", LARGE)), "a.csv"),
        (csv(("small;", SMALL), ("large;", LARGE), head="Network;layer;output;params;macs"), "a.csv"),
        (csv(("", {"small": ("", "", ""), **SMALL}), ("", {"Large": ("", "", ""), **LARGE})), "a.csv"),
        (
            "\n\n".join(
                f"## {name}\n\n| layer | output | params | macs |\n|---|---|---|---|\n"
                + "\n".join(f"| {layer} | {' | '.join(cells)} |" for layer, cells in rows.items())
                for name, rows in (("Small", SMALL), ("LARGE (231)", LARGE))
            ).encode(),
            "a.md",
        ),
        (
            json.dumps(
                {
                    name: {
                        layer: dict(zip(("output", "params", "macs"), cells, strict=True))
                        for layer, cells in rows.items()
                    }
                    for name, rows in (("small", SMALL), ("large", LARGE))
                }
            ).encode(),
            "a.json",
        ),
        (
            json.dumps(
                [
                    {"network": name, "layer": layer, "output": cells[0], "params": cells[1], "macs": cells[2]}
                    for name, rows in (("small", SMALL), ("large", LARGE))
                    for layer, cells in rows.items()
                ]
            ).encode(),
            "a.json",
        ),
    ],
    ids=["paths", "column", "sections", "headings", "maps", "records"],
)  # fmt: skip
def test_answers_say_in_many_ways_which_network_they_are_about(data: bytes, name: str) -> None:
    plain = check(homework(), read_answers(csv(("small/", SMALL), ("large/", LARGE)), "a.csv"))
    result = check(homework(), read_answers(data, name))
    assert outcome(result) == outcome(plain)
    assert result.extras == ()


def test_a_layer_that_only_one_network_has_needs_no_name_of_it() -> None:
    answers = read_answers(b"layer;params\nfc6;37752832\nconv1;156\nconv2;614656\n", "a.csv")
    result = outcome(check(homework(), answers))
    assert result["large/conv2", "params"][0] == "right"
    assert result["small/conv1", "params"][0] == "blank"  # conv1 may be either


def test_a_sheet_read_again_is_right_and_lint_and_json_know_the_rows() -> None:
    assigned = homework()
    for format_, name in (("csv", "a.csv"), ("markdown", "a.md"), ("yaml", "a.yaml")):
        solved = check(
            assigned, read_answers(sheet(assigned, format_, solution=True).encode(), name)
        )
        assert solved.marks == solved.out_of > 0
        assert solved.notes == ()
    assert {judged_cell.cell.layer for judged_cell in lint(assigned).cells} == set(assigned.layers)
    cells = json.loads(write(solved, "json"))["cells"]
    assert [cell["layer"] for cell in cells[:3]] == ["small/conv1"] * 3


def test_every_layer_is_asked_by_default_and_networks_may_be_listed(tmp_path, monkeypatch) -> None:
    assigned = homework("specs: [lenet5, alexnet]\n")
    lenet = {f"lenet5/{row}" for row in homework("spec: lenet5\n").layers}
    two = {f"alexnet/{row}" for row in homework("spec: alexnet\n").layers}
    assert set(assigned.layers) == lenet | two
    (tmp_path / "homework.yaml").write_text(
        "specs: [lenet5, googlenet]\nvary: {lenet5/input: [32, 36]}\n"
    )
    (tmp_path / "class.csv").write_text("id\ns1\ns2\n")
    monkeypatch.chdir(tmp_path)
    words = [
        "homework",
        "variants",
        "homework.yaml",
        "--roster",
        "class.csv",
        "--seed",
        "1",
        "-o",
        "out",
    ]
    done = runner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "lenet5/input" in (tmp_path / "out/variants.csv").read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("specs: [lenet5, lenet5]\n", "stands twice"),
        ("specs: {a b: lenet5}\n", "is no name"),
        ("specs: []\n", "names no network"),
        ("specs: {a: {input: 3x3x1}}\n", "`spec` is missing"),
        ("specs: [lenet5]\nspec: lenet5\n", "does not go with `specs`"),
        ("specs: [lenet5]\nlayers: [conv1]\n", "there is no layer 'conv1'"),
        ("specs: [lenet5, nowhere]\n", "there is no file 'nowhere'"),
        ("specs: [lenet5]\nvary: {input: [32]}\n", "no network is called"),
    ],
)
def test_what_is_wrong_with_several_is_told(text: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        homework(text)
    assert any(message in problem.message for problem in caught.value.problems)


def test_a_layer_called_total_is_refused_where_it_is_asked() -> None:
    net = shapecalc.loads(
        "input: 5x5x2\nlayers: [conv: {name: total, filters: 3, kernel: 3}, relu]\n"
    )
    with pytest.raises(SpecErrors, match="E756"):
        assign(shapecalc.summarize(net))
    assert assign(shapecalc.summarize(net), layers=["relu1"]).layers == ("relu1",)
