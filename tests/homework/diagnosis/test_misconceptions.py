"""Every misconception is found by its name on its own example, whose numbers are typed in.

Sources of the numbers: section 3 of the project's notes on homework, which computed them by brute
force; the Coursera ConvNets quiz; the published totals of AlexNet and GoogLeNet.  Of those about
transposed and recurrent layers: questions and answers in public forums (datascience.stackexchange
128705, Stack Overflow about GRU's 9,600 and CuDNNLSTM's 1,444,800, community.deeplearning.ai 70537, 281248 and 259287), and about attention's products
autoliuweijie/FastBERT#14 and Meituan-AutoML/Twins#11; the distractors of the quiz of week 1 of
deeplearning.ai's course on convolutional networks (padding, gray images); Stack Overflow 66176914
(3 projections of an attention), and a question about MuseGAN's transposed layers (normalisations).
"""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import TOTAL, assign
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.misconceptions.model import CellExample
from shapecalc.homework.diagnosis.misconceptions.operations import WRONG_OPERATIONS
from shapecalc.homework.diagnosis.misconceptions.parameters import WRONG_PARAMETERS
from shapecalc.homework.diagnosis.misconceptions.recurrent import WRONG_RECURRENT
from shapecalc.homework.diagnosis.misconceptions.volumes import WRONG_VOLUMES

EXAMPLES = [
    pytest.param(entry.id, example, id=f"{entry.id}-{example.layer}-{example.wrong}")
    for entry in CATALOGUE.values()
    for example in entry.examples
]


def report_of(spec: str) -> shapecalc.Report:
    if "extends" in spec:
        return shapecalc.summarize("alexnet", input="224x224x3")
    return shapecalc.summarize(shapecalc.loads(spec) if "\n" in spec else spec)


def judged(example: CellExample, answer: str):
    homework = assign(report_of(example.spec), layers=[example.layer], columns=[example.column])
    answers = read_answers(
        f"layer;{example.column}\n{example.layer};{answer}\n".encode(), "answers.csv"
    )
    (cell,) = check(homework, answers).cells
    return cell


#: So many were known when they were first written down; none is forgotten.
KNOWN = 93


def test_ids_count_from_one_in_every_part_of_the_catalogue() -> None:
    files = {
        "S": WRONG_VOLUMES,
        "P": WRONG_PARAMETERS,
        "F": WRONG_OPERATIONS,
        "R": WRONG_RECURRENT,
    }
    ids = [f"{letter}{n}" for letter, rows in files.items() for n in range(1, len(rows) + 1)]
    assert list(CATALOGUE) == ids
    assert len(ids) >= KNOWN


def test_no_sentence_takes_every_input_for_a_picture() -> None:
    for entry in CATALOGUE.values():
        assert "height x width" not in f"{entry.done} {entry.why}", entry.id


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_right_answer_of_an_example_is_right(name: str, example: CellExample) -> None:
    assert judged(example, example.right).verdict == "right"


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_wrong_answer_of_an_example_is_named(name: str, example: CellExample) -> None:
    cell = judged(example, example.wrong)
    if name == "S22":
        assert (cell.verdict, cell.note) == (
            "right_other_notation",
            "the batch axis was left out",
        )
        return
    assert cell.verdict in ("misconception", "right_other_convention")
    if cell.verdict == "right_other_convention":
        assert all(CATALOGUE[mistake].convention for mistake in cell.diagnoses[0].ids)
    named = [diagnosis for diagnosis in cell.diagnoses if name in diagnosis.ids]
    assert named, [diagnosis.ids for diagnosis in cell.diagnoses]
    if len(cell.diagnoses) > 1:
        assert not any(diagnosis.certain for diagnosis in cell.diagnoses)


@pytest.mark.parametrize("entry", CATALOGUE.values(), ids=CATALOGUE)
def test_an_entry_is_in_whole_sentences_and_holds_no_number_of_a_key(entry) -> None:
    assert entry.examples
    for text in (entry.done, entry.why):
        assert text[0].isupper() or text[0] in "(1K"
        assert text.endswith(".")
    for example in entry.examples:
        assert example.right not in entry.done + entry.why or len(example.right) < 4
    assert not entry.name.endswith(".")
    assert not re.search(r"\d{5}", entry.name)


@pytest.mark.parametrize(
    ("spec", "layer", "right", "offered"),
    [  # Coursera DLS, C4 W1: 100 filters of 5x5, and dense layers, on colour images of 300x300
        ("conv: {filters: 100, kernel: 5}", "conv1", 7_600, {"P1": 7_500, "P2": 2_600}),
        ("dense: 100", "fc1", 27_000_100, {"P29": 27_000_001, "P26": 9_000_100}),
        ("conv: {filters: 128, kernel: 7}", "conv1", 18_944, {"P1": 18_816, "P2": 6_400}),
    ],
)
def test_the_distractors_of_a_known_quiz_are_named(spec, layer, right, offered) -> None:
    text = f"input: 300x300x3\nlayers: [{spec}]\n"
    for name, value in offered.items():
        cell = judged(CellExample(text, layer, "params", "", ""), str(value))
        assert name in {mistake for diagnosis in cell.diagnoses for mistake in diagnosis.ids}
    assert judged(CellExample(text, layer, "params", "", ""), str(right)).verdict == "right"


def test_two_misconceptions_at_once_are_named_together() -> None:
    # 5x5 without depth (P2) and with one bias for the layer (P6): 25*256 + 1, which is also one
    # filter (P4) as deep as there are filters (P16)
    cell = judged(CellExample("alexnet", "conv2", "params", "", ""), "6401")
    result = {frozenset(diagnosis.ids) for diagnosis in cell.diagnoses}
    assert result == {frozenset(("P2", "P6")), frozenset(("P4", "P16"))}
    assert not any(diagnosis.certain for diagnosis in cell.diagnoses)
    # the kernel once (P5) and a bias for every input channel (P7): 5*96*256 + 96
    (only,) = judged(CellExample("alexnet", "conv2", "params", "", ""), "122976").diagnoses
    assert (frozenset(only.ids), only.certain) == (frozenset(("P5", "P7")), True)


def test_what_cannot_be_told_apart_is_not_called_certain() -> None:
    # VGG's first layer has kernel 3 and depth 3: 3*3*64 + 64 = 640 either way
    cell = judged(CellExample("vgg16", "conv1_1", "params", "", ""), "640")
    assert {diagnosis.ids for diagnosis in cell.diagnoses} >= {("P2",), ("P5",)}
    assert not any(diagnosis.certain for diagnosis in cell.diagnoses)


def test_a_number_that_nothing_explains_is_wrong_and_no_more() -> None:
    cell = judged(CellExample("alexnet", "conv2", "params", "", ""), "123457")
    assert (cell.verdict, cell.diagnoses) == ("wrong", ())


def test_the_bite_a_wrong_name_is_not_found() -> None:
    cell = judged(CellExample("alexnet", "conv2", "params", "", ""), "614400")
    assert [diagnosis.ids for diagnosis in cell.diagnoses] == [("P1",)]


def test_the_sum_is_a_row() -> None:
    assert judged(CellExample("alexnet", TOTAL, "params", "", ""), "62378344").verdict == "right"


def test_messages_have_no_markup() -> None:
    for entry in CATALOGUE.values():
        assert not set("`<>") & set(f"{entry.name} {entry.done} {entry.why}")


@pytest.mark.parametrize(
    ("behind", "name"),
    [
        ("batchnorm", "P31"),
        ("instancenorm", "P31"),
        ("layernorm", "P36"),  # its mean is over the channels: their biases stay
        ("groupnorm: 4", "P36"),
        ("relu", "P36"),
        ("dense: 10", "P36"),
    ],
)
def test_a_normalisation_is_the_reason_only_where_one_takes_the_bias_away(
    behind: str, name: str
) -> None:
    spec = (
        "input: 8x8x3\nlayers:\n- conv: {filters: 4, kernel: 3, bias: false}\n"
        f"- {behind if ':' not in behind else '{' + behind + '}'}\n"
    )
    cell = judged(CellExample(spec, "conv1", "params", "108", "112"), "112")
    assert [diagnosis.ids for diagnosis in cell.diagnoses] == [(name,)]
    assert ("normalisation" in CATALOGUE[name].why) == (name == "P31")
