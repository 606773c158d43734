"""Answers to verdicts and marks, on whole tables."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from fractions import Fraction

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.claims import against
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.conventions import Conventions, Policy
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import Evidence, check
from shapecalc.homework.diagnosis.explanations import CellExplanation, paired
from shapecalc.homework.diagnosis.judge import FittingExplanation, key_cases
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.wording import finding_text
from shapecalc.homework.diagnosis.working import Factors, working_of
from tests.runner import runner

#: The key of AlexNet in one tower, as the course's slides and the published totals have it.
ALEXNET = """\
layer,output,params,MACs
conv1,55x55x96,"34,944","105,415,200"
pool1,27x27x96,0,0
conv2,27x27x256,"614,656","447,897,600"
pool2,13x13x256,0,0
conv3,13x13x384,"885,120","149,520,384"
conv4,13x13x384,"1,327,488","224,280,576"
conv5,13x13x256,"884,992","149,520,384"
pool3,6x6x256,0,0
fc6,4096,"37,752,832","37,748,736"
fc7,4096,"16,781,312","16,777,216"
fc8,1000,"4,097,000","4,096,000"
"""
#: conv1 without the + 1, and everything after it worked out rightly from there.
SLIPPED = """\
layer,output,params,MACs
conv1,54x54x96,34944,101616768
pool1,26x26x96,0,0
conv2,26x26x256,614656,415334400
pool2,12x12x256,0,0
conv3,12x12x384,885120,127401984
conv4,12x12x384,1327488,191102976
conv5,12x12x256,884992,127401984
pool3,5x5x256,0,0
fc6,4096,26218496,26214400
fc7,4096,16781312,16777216
fc8,1000,4097000,4096000
"""


def checked(text: str, network: str = "alexnet", name: str = "answers.csv"):
    answers = read_answers(text.encode(), name)
    return check(against(shapecalc.summarize(network), answers), answers)


def verdicts(text: str, network: str = "alexnet") -> dict[tuple[str, str], str]:
    return {
        judged_cell.cell.at: judged_cell.verdict for judged_cell in checked(text, network).cells
    }


def test_the_key_is_right_everywhere() -> None:
    result = checked(ALEXNET)
    assert {cell.verdict for cell in result.cells} == {"right"}
    assert (result.marks, result.out_of) == (33, 33)


@pytest.mark.parametrize("name", shapecalc.shipped())
def test_the_key_of_every_shipped_network_is_right(name: str) -> None:
    report = shapecalc.summarize(name)
    homework = assign(report, columns=["output", "units", "params", "macs", "flops", "memory"])
    lines = ["layer,output,units,params,macs,flops,memory"]
    lines += [
        f"{row.name},{shapecalc_text(row.output)},{row.units},{row.params},{row.macs},"
        f"{2 * row.macs},{4 * row.units}"
        for row in (homework.rows[layer] for layer in homework.layers)
    ]
    result = check(homework, read_answers("\n".join(lines).encode(), "key.csv"))
    assert {cell.verdict for cell in result.cells} == {"right"}


def shapecalc_text(shape) -> str:
    return "x".join(map(str, [*shape.sides, shape.channels]))


def test_one_slip_costs_once() -> None:
    result = checked(SLIPPED)
    wrong = [
        judged_cell.cell.at
        for judged_cell in result.cells
        if not judged_cell.verdict.startswith("right")
    ]
    assert wrong == [("conv1", "output")]
    # under independent marking it would be 15 cells of 33
    followed = [cell for cell in result.cells if cell.verdict == "right_follow_through"]
    assert len(followed) + 1 == 15
    assert (result.marks, result.out_of) == (32, 33)


def test_vgg_ruins_29_of_63_cells_by_one_slip_and_loses_one() -> None:
    report = shapecalc.summarize("vgg16")
    homework = assign(report)
    slipped = shapecalc.summarize("vgg16", input="222x222x3")  # sides 111, 55, 27, 13, 6 from pool1
    lines = ["layer,output,params,macs"]
    for layer in homework.layers:
        row = report[layer] if layer in ("conv1_1", "conv1_2") else slipped[layer]
        lines.append(f"{layer},{shapecalc_text(row.output)},{row.params},{row.macs}")
    result = check(homework, read_answers("\n".join(lines).encode(), "vgg.csv"))
    assert result.out_of == 63
    assert result.count("right_follow_through") + 1 == 29
    assert [judged_cell.cell.at for judged_cell in result.cells if not judged_cell.marks] == [
        ("pool1", "output")
    ]


@pytest.mark.parametrize("trivial", ["1x1x1", "1x1x96", "5x5x96", "1000x1000x96", "55x55x1"])
def test_a_trivial_early_answer_gains_nothing(trivial: str) -> None:
    report = shapecalc.summarize("alexnet")
    follows = {  # what would follow from it
        "1x1x96": ("1x1x256", "614656", "614400"),
    }.get(trivial, ("0x0x0", "0", "0"))
    text = f"layer,output,params,macs\npool1,{trivial},0,0\nconv2,{','.join(follows)}\n"
    answers = read_answers(text.encode(), "a.csv")
    result = {
        judged_cell.cell.at: judged_cell
        for judged_cell in check(against(report, answers), answers).cells
    }
    assert result["pool1", "output"].marks == 0
    assert result["conv2", "output"].verdict != "right_follow_through"
    assert result["conv2", "macs"].verdict != "right_follow_through"


def test_no_known_mistake_stands_where_a_plain_table_is_right() -> None:
    assert set(verdicts(ALEXNET).values()) == {"right"}


def test_one_explanation_for_the_whole_column() -> None:
    text = "layer,params\nconv1,34848\nconv2,614400\nconv3,884736\npool1,0\nfc6,37748736\n"
    result = checked(text)
    (finding,) = result.findings
    assert (finding.ids, finding.certain, finding.shown) == (("P1",), True, 4)
    assert finding_text(finding, all_else=True) == (
        "The biases were forgotten, in all 4 cells of params where it shows."
        " Everything else is right."
    )


def test_the_whole_table_decides_what_one_cell_leaves_open() -> None:
    # P2 and P5 are the same in VGG's first layer; the others say which
    text = "layer,params\nconv1_1,640\nconv1_2,640\nconv2_1,1280\n"
    result = checked(text, "vgg16")
    (finding,) = result.findings
    assert (finding.ids, finding.certain) == (("P2",), True)


def test_another_convention_kept_through_a_column_is_right() -> None:
    text = "layer,macs\nconv1,210830400\nconv2,895795200\nfc8,8192000\npool1,0\n"
    assert set(verdicts(text).values()) == {"right", "right_other_convention"}
    (finding,) = checked(text).findings
    assert finding.ids == ("F1",)


def test_another_convention_in_one_cell_of_many_is_a_mistake() -> None:
    text = "layer,macs\nconv1,105415200\nconv2,895795200\nfc8,4096000\n"
    assert verdicts(text)["conv2", "macs"] == "misconception"


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("55x55x96", "right"),
        ("55 x 55 x 96", "right_other_notation"),
        ("(55, 55, 96)", "right_other_notation"),
        ("96@55x55", "right_other_notation"),
        ("55^2x96", "right_other_notation"),
        ("torch.Size([1, 96, 55, 55])", "right_other_notation"),
        ("(None, 55, 55, 96)", "right_other_notation"),
        ("96x55x55", "right_other_convention"),
        ("6-6-2056", "wrong"),
        ("Jun-56", "unreadable"),
        ("", "blank"),
        ("?", "blank"),
    ],
)
def test_volumes_in_every_notation(written: str, verdict: str) -> None:
    assert verdicts(f"layer;output\nconv1;{written}\n") == {("conv1", "output"): verdict}


@pytest.mark.parametrize(
    ("written", "verdict"),
    [
        ("34944", "right"),
        ("34,944", "right"),
        ("34.944", "right_other_notation"),
        ("34 944", "right_other_notation"),
        ("34'944", "right_other_notation"),
        ("34_944", "right_other_notation"),
        ("34.944K", "right_other_notation"),
        ("35K", "right_other_notation"),
        ("0.03M", "right_other_notation"),
        ("11*11*3*96+96", "right_other_notation"),
        ("11x11x3x96 + 96 = 34944", "right_other_notation"),
        ("34848 + 96 = 34945", "wrong"),
        ("35000", "wrong"),
        ("34K", "wrong"),
        ("34.848", "misconception"),
        ("about many", "unreadable"),
        ("-", "wrong"),
        ("", "blank"),
    ],
)
def test_numbers_in_every_notation(written: str, verdict: str) -> None:
    assert verdicts(f"layer;params\nconv1;{written}\n") == {("conv1", "params"): verdict}


def test_a_rounded_answer_is_told_what_it_hides() -> None:
    (cell,) = checked("layer;params\nconv2;614.7K\n").cells
    assert cell.read_as == "614,700 ± 50"
    assert "one bias for the whole layer" not in cell.note
    (cell,) = checked("layer;params\nconv2;0.61M\n").cells
    assert cell.note.endswith(
        "; rounded, so it does not show whether one of these was done: the biases were forgotten;"
        " one bias for the whole layer; a bias for every input channel"
    )


def test_a_word_that_is_no_verdict_is_not_counted_as_none() -> None:
    checked = check(
        assign(shapecalc.summarize("lenet5")), read_answers(b"layer,params\nconv1,156\n", "a.csv")
    )
    assert checked.count("right", "wrong") == 1
    with pytest.raises(ValueError, match="'wright' is no verdict; they are right, "):
        checked.count("right", "wright")  # type: ignore[arg-type]


def test_a_dash_is_0_of_every_count_and_no_volume() -> None:
    """Broken by a dash that is an answer where the key is 0, and none elsewhere."""
    conv, pool = checked("layer;params\nconv1;-\npool1;-\n").cells
    assert (conv.verdict, pool.verdict) == ("wrong", "right_other_notation")
    assert conv.note == pool.note == "read as 0"
    assert verdicts("layer;output\nconv1;-\n") == {("conv1", "output"): "blank"}


def test_a_sum_follows_from_the_own_cells() -> None:
    text = "layer;params\nconv1;34848\nconv2;614400\ntotal;62377992\n"  # 352 biases less
    assert verdicts(text)["total", "params"] == "right_follow_through"


def test_answers_that_nobody_asked_for_are_listed() -> None:
    result = checked("layer;params\nconv1;34944\nconv9;12\n")
    assert [(extra.layer, extra.raw) for extra in result.extras] == [("conv9", "12")]
    assert result.out_of == 1


def test_a_cell_answered_twice_is_not_guessed() -> None:
    cells = checked("layer;params\nconv1;34944\nConv 1;34848\n").cells
    assert [cell.verdict for cell in cells] == ["unreadable"]
    assert "answered twice" in cells[0].note


@pytest.mark.parametrize(
    ("policy", "marks"),
    [
        (Policy(), 32),
        (Policy(follow_through=Fraction(1, 2)), 25),
        (Policy(follow_through=Fraction(0)), 18),
        (Policy(cap=Fraction(1, 11)), 21),
        (Policy(misconception=Fraction(1, 2)), Fraction(65, 2)),
    ],
)
def test_policies_turn_verdicts_into_marks(policy: Policy, marks: Fraction) -> None:
    homework = assign(shapecalc.summarize("alexnet"), policy=policy)
    assert check(homework, read_answers(SLIPPED.encode(), "a.csv")).marks == marks


def test_a_mistake_may_cost_once() -> None:
    text = "layer,params\nconv1,34848\nconv2,614400\nconv3,884736\n"
    homework = assign(
        shapecalc.summarize("alexnet"),
        layers=["conv1", "conv2", "conv3"],
        columns=["params"],
        policy=Policy(deduct="once"),
    )
    assert check(homework, read_answers(text.encode(), "a.csv")).marks == 2


def test_without_biases_the_key_is_another() -> None:
    homework = assign(
        shapecalc.summarize("alexnet"), columns=["params"], conventions=Conventions(bias=False)
    )
    text = "layer,params\nconv1,34848\n"
    (first, *_) = check(homework, read_answers(text.encode(), "a.csv")).cells
    assert first.verdict == "right"


def run(tmp_path, text: str, *words: str):
    (tmp_path / "answers.csv").write_text(text, encoding="utf-8")
    command = ["homework", "check", str(tmp_path / "answers.csv"), "--against", "alexnet", *words]
    return runner().invoke(main, command)


def test_the_command_judges_and_exits_0_and_with_strict_1(tmp_path) -> None:
    assert run(tmp_path, SLIPPED).exit_code == 0
    assert run(tmp_path, SLIPPED, "--strict").exit_code == 1
    assert run(tmp_path, ALEXNET, "--strict").exit_code == 0


@pytest.mark.parametrize("format_", ["text", "markdown", "html", "json", "csv"])
@pytest.mark.parametrize("hint", ["1", "2", "3"])
def test_the_key_is_never_shown_unless_asked_for(tmp_path, format_: str, hint: str) -> None:
    text = "layer,output,params,macs\n" + "\n".join(
        f"{layer},7x8x9,{n},11"
        for n, layer in enumerate(
            ["conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "fc6"], 700
        )
    )
    shown = run(tmp_path, text, "--format", format_, "--hint", hint).output
    for number in ("55x55", "55*55", "27x27", "27*27", "34,944", "34944", "614,656", "6x6", "6*6"):
        assert number not in shown
    solved = run(tmp_path, text, "--format", format_, "--hint", hint, "--solution").output
    assert "614,656" in solved
    assert "55x55x96" in solved or "55×55" in solved


def test_json_has_the_fields_that_programs_rely_on(tmp_path) -> None:
    data = json.loads(run(tmp_path, SLIPPED, "--format", "json").output)
    first = data["cells"][0]
    assert list(first) == [
        "layer",
        "column",
        "raw",
        "read_as",
        "verdict",
        "misconceptions",
        "marks",
        "out_of",
        "note",
    ]
    assert {entry["id"] for entry in first["misconceptions"]} == {"S1", "S2"}
    assert (data["totals"]["marks"], data["totals"]["out_of"]) == (32, 33)
    assert type(first["marks"]) is int


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_encoding_and_separator(encoding: str, separator: str) -> None:
    text = f"Übung 1{separator}{separator}\nLayer{separator}Output{separator}Größe\nconv1{separator}55×55×96{separator}\n"
    answers = read_answers(text.encode(encoding), "answers.csv")
    (cell,) = check(against(shapecalc.summarize("alexnet"), answers), answers).cells
    assert cell.verdict == "right"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "| Layer | Output |\n|---|---|\n| **conv1** | `55x55x96` |\n"),
        ("a.yaml", "conv1:\n  output: [55, 55, 96]\n"),
        ("a.yaml", "answers:\n- {layer: conv1, output: 55x55x96}\n"),
        ("a.json", '{"conv1": {"output": [55, 55, 96]}}'),
        ("a.json", '[{"layer": "conv1", "column": "output", "value": "55x55x96"}]'),
        ("a.txt", "layer\toutput\nconv1\t55x55x96\n"),
    ],
)
def test_every_kind_of_file(name: str, text: str) -> None:
    (cell,) = checked(text, name=name).cells
    assert cell.verdict in ("right", "right_other_notation")


def test_an_order_of_axes_has_no_working(tmp_path) -> None:
    text = "layer;output\nconv1;96x55x55\npool1;96x27x27\nconv2;256x27x27\nfc6;1\n"
    output = run(tmp_path, text, "--hint", "3").output
    assert "The channels stand first" in output
    assert "you have 96x55x55" not in output
    for layout in ("hwc", "either", "chw"):
        homework = assign(
            shapecalc.summarize("alexnet"),
            columns=("output",),
            conventions=Conventions(layout=layout),  # type: ignore[arg-type]
        )
        cells = check(homework, read_answers(text.encode(), "a.csv")).cells
        diagnoses = [
            diagnosis for cell in cells for diagnosis in cell.diagnoses if diagnosis.ids == ("S21",)
        ]
        assert all((diagnosis.working, diagnosis.rule) == ("", "") for diagnosis in diagnoses)
        assert (diagnoses == []) == (layout == "chw")


def test_dividing_by_the_stride_is_shown_as_a_calculation() -> None:
    text = "layer;output\nconv1;57x57x96\npool1;29x29x96\n"
    (finding,) = (finding for finding in checked(text).findings if finding.ids == ("S10",))
    workings = [cell.diagnoses[0].working for cell in finding.cells]
    assert workings == ["side ceil(227/4), 96 channels", "side ceil(57/2), 96 channels"]


def test_the_first_hint_tells_which_cells_and_not_which_idea(tmp_path) -> None:
    """In JSON and CSV as on paper: neither the misconceptions nor what is found of them."""
    found = []
    for hint in ("1", "2"):
        data = json.loads(run(tmp_path, SLIPPED, "--hint", hint, "-f", "json").output)
        table = csv.DictReader(
            io.StringIO(run(tmp_path, SLIPPED, "--hint", hint, "-f", "csv").output)
        )
        named = any(row["misconceptions"] for row in table)
        found.append(
            (bool(data["findings"]), any(c["misconceptions"] for c in data["cells"]), named)
        )
    assert found == [(False, False, False), (True, True, True)]


def test_a_sheet_without_volumes_has_its_channels_where_they_belong() -> None:
    assert checked("layer,params\nconv1,34944\n").notes == ()
    both = checked("layer,output\nconv1,96x55x55\npool1,27x27x96\n")
    assert both.notes == ()  # as many stand first as last
    first = checked("layer,output\nconv1,96x55x55\npool1,96x27x27\n")
    assert first.notes == ("most volumes have their channels first, so all were read that way",)


def test_what_follows_from_values_too_far_off_is_said_to_follow() -> None:
    far = "layer,output,params,MACs\nconv1,2x2x96,34944,139392\npool1,1x1x96,0,0\n"
    follows = {cell.cell.at: cell.follows for cell in checked(far).cells if cell.raw}
    assert [at for at, does in follows.items() if does] == [("conv1", "macs")]
    plain = checked("layer,params\nconv1,1\nconv2,614656\n")
    assert not any(cell.follows for cell in plain.cells)


def test_a_rule_has_no_numbers_that_are_still_asked_for() -> None:
    """The operations are worked out from the output, which this student has not found yet."""
    flops = "layer,output,MACs\nconv1,{},210830400\n"
    rules = {}
    for output in ("", "55x55x96"):
        answers = checked(flops.format(output))
        rules[output] = answers.render("text", hint=3)
    assert "11*11*3*96*55*55" in rules["55x55x96"]
    assert "55*55" not in rules[""]
    assert "weights x places of the output" in rules[""]


def test_a_layer_without_biases_is_no_sum_of_them() -> None:
    pool, conv = (shapecalc.summarize("alexnet")[name] for name in ("pool1", "conv1"))
    assert working_of(pool, "biases", Conventions()) == Factors()
    assert working_of(conv, "biases", Conventions()) == Factors(plus=(96,))


def test_nothing_is_said_of_parameters_that_the_input_does_not_have() -> None:
    homework = assign(shapecalc.summarize("alexnet"), layers=["input", "relu1"], columns=["params"])
    answers = read_answers(b"layer,params\ninput,154587\nrelu1,290400\n", "a.csv")
    given, relu = check(homework, answers).cells
    assert (given.verdict, given.diagnoses) == ("wrong", ())
    assert relu.diagnoses[0].ids == ("P32",)


def test_only_rounded_numbers_are_wrong_for_being_rounded() -> None:
    exact = Conventions(rounding="exact")
    homework = assign(
        shapecalc.summarize("alexnet"), layers=["conv1"], columns=["params"], conventions=exact
    )
    verdicts = {}
    for text in ("34848", "34.9K"):
        (cell,) = check(
            homework, read_answers(f"layer,params\nconv1,{text}".encode(), "a.csv")
        ).cells
        verdicts[text] = (cell.verdict, cell.note)
    assert verdicts["34848"][0] == "misconception"  # the biases were left out
    assert verdicts["34.9K"] == ("wrong", "rounded, where whole numbers count")


@pytest.mark.parametrize("name", ["lenet5", "alexnet"])
def test_what_stands_for_another_rule_is_joined_with_no_second_mistake(name: str) -> None:
    homework = assign(shapecalc.summarize(name), columns=["params", "macs"])
    joined = {
        first
        for case in key_cases(homework).values()
        for explanation in paired(case).all
        for first in explanation.ids
    }
    assert joined
    assert not {name for name in joined if CATALOGUE[name].instead}


def test_what_the_own_values_explain_otherwise_is_never_sure() -> None:
    """Known from three cells by the key, but the own values, with which most go on, say another."""
    known = Evidence(Counter(P1=3), Counter(), Counter(), Counter())
    working = Factors(filters=(7,))
    by_key, by_own = (
        FittingExplanation(CellExplanation((name,), working, 7), on)
        for name, on in (("P1", "key"), ("P2", "own"))
    )
    assert not known.sure([by_key, by_own])
    assert known.sure([by_key, by_own._replace(on="key")])


def test_answers_of_which_none_was_asked_are_no_blank_sheet() -> None:
    homework = assign(shapecalc.summarize("lenet5"), layers=["conv1", "pool1"])
    other = b"shapecalc homework 0000000a\nlayer,params\nstem,156\nhead,0\nrelu1,0\n"
    with pytest.raises(SpecErrors) as caught:
        check(homework, read_answers(other.partition(b"\n")[2], "a.csv"))
    (problem,) = caught.value.problems
    assert problem.code == "E704"
    assert problem.message == (
        "no answer is to what was asked; not asked: relu1 params;"
        " row stem was taken for nothing: it may mean conv1, pool1;"
        " row head was taken for nothing: it may mean conv1, pool1"
    )
    assert problem.hint == "the rows asked for are conv1, pool1"
    with pytest.raises(SpecErrors) as caught:
        check(homework, read_answers(other, "a.csv"))
    stamp = f"the sheet is stamped 0000000a, but this homework {homework.stamp}"
    assert caught.value.problems[0].hint == f"{stamp}: is it the right file"
    # one answer to what was asked, or none to anything, and it is judged
    part = check(homework, read_answers(b"layer,params\nstem,156\npool1,0\n", "a.csv"))
    assert part.count("right") == 1
    assert check(homework, read_answers(b"layer,params\nstem,\n", "a.csv")).count("right") == 0


def test_the_stamp_of_another_homework_is_the_first_note() -> None:
    homework = assign(shapecalc.summarize("lenet5"), layers=["conv1"])
    text = "shapecalc homework 0000000a\nlayer,params,colour\nconv1,156,red\n"
    result = check(homework, read_answers(text.encode("utf-16"), "a.csv"))
    assert result.notes[0].startswith("the sheet is stamped 0000000a")
    assert result.notes[1:] == ("read as UTF-16", "columns that were not read: colour")
