"""Rows mean what they say: by the network's own names, by kind and number, by order; else nothing."""

from __future__ import annotations

import json

import pytest

from shapecalc import summarize
from shapecalc.homework.answers.claims import against
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.answers.rows import meanings
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check
from tests.fuzz.row_names import misread

ALEXNET = "conv1 pool1 conv2 pool2 conv3 conv4 conv5 pool3 fc6 fc7 fc8"
LENET = "conv1 pool1 conv2 pool2 conv3 fc1 fc2"
VGG16 = ("conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 conv3_3 pool3 conv4_1 conv4_2"
         " conv4_3 pool4 conv5_1 conv5_2 conv5_3 pool5 fc6 fc7 fc8")  # fmt: skip
#: As PyTorch's summaries number, through all layers.
MODULES = ("Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Conv2d ReLU Conv2d ReLU Conv2d ReLU MaxPool2d"
           " Dropout Linear ReLU Dropout Linear ReLU Linear")  # fmt: skip


def meant(network: str, words: list[str], asked: list[str] | None = None) -> dict[str, object]:
    """Return what rows mean, by their words; those that stand several times by word and place."""
    report = summarize(network)
    homework = assign(report, layers=asked)
    table = tuple((word, words[:at].count(word)) for at, word in enumerate(words))
    leaves = {row.name: row for row in report.rows}
    result = meanings(table, homework.layers, homework.rows, leaves)
    return {
        word if words.count(word) == 1 else f"{word} {at}": meaning.row or meaning.may_be
        for (word, at), meaning in result.items()
    }


@pytest.mark.parametrize(
    "word",
    ["Convolution Layer 1", "Convolution 1", "Conv layer #1", "1st conv", "first convolutional layer",
     "C1", "Conv2D_1", "conv2d_1", "Conv1 + ReLU", "Conv. 1", "CONV-1", "conv1 (11x11, 96)",
     "Conv 1 & ReLU", "Faltungsschicht 1", "Capa convolucional 1", "Primera capa convolucional",
     "1. Faltung", "my_first (Conv2D)", "CONV 1 → ReLU"],
)  # fmt: skip
def test_the_first_convolution(word: str) -> None:
    expected: object = "conv1"
    if word.startswith("my_first"):  # its name says nothing of a number
        expected = ("conv1", "conv2", "conv3", "conv4", "conv5")
    assert meant("alexnet", [word])[word] == expected


@pytest.mark.parametrize(
    "word",
    ["Max-pooling layer 1", "MaxPooling 1", "P1", "max_pooling2d_1", "Pooling layer 1", "S1",
     "1st max pool", "Maxpool #1", "subsampling 1"],
)  # fmt: skip
def test_the_first_pool(word: str) -> None:
    assert meant("alexnet", [word])[word] == "pool1"


@pytest.mark.parametrize(
    ("network", "words", "rows"),
    [
        ("alexnet", "FC1 FC2 FC3", "fc6 fc7 fc8"),
        ("alexnet", "FC6 FC7 FC8", "fc6 fc7 fc8"),
        ("alexnet", "Dense_1 Dense_2 Dense_3", "fc6 fc7 fc8"),
        ("alexnet", "conv2d conv2d_1 conv2d_2 conv2d_3 conv2d_4", "conv1 conv2 conv3 conv4 conv5"),
        ("alexnet", "conv2d_6 conv2d_7 conv2d_8 conv2d_9 conv2d_10", "conv1 conv2 conv3 conv4 conv5"),
        ("alexnet", "pool1 pool2 pool5", "pool1 pool2 pool3"),  # as the paper numbers them
        ("lenet5", "C1 S2 C3 S4 C5 F6 OUTPUT", LENET),
        ("lenet5", "C1 S1 C2 S2 C3 F1 F2", LENET),
        ("lenet5", "C1 S2 C3", "conv1 pool1 conv2"),
        ("lenet5", "L1 L2 L3 L4 L5 L6 L7", LENET),
        ("lenet5", "1 2 3 4 5 6 7", LENET),
        ("lenet5", "conv1 pool conv2 pool conv3 fc1 fc2",
         "conv1 pool1 conv2 pool2 conv3 fc1 fc2"),
        ("vgg16", " ".join(f"Conv{at}" for at in range(1, 14)),
         " ".join(name for name in VGG16.split() if name.startswith("conv"))),
        ("vgg16", "conv11 conv12 conv21 conv22", "conv1_1 conv1_2 conv2_1 conv2_2"),
        ("vgg16", "conv3-64 conv3-64 maxpool conv3-128 conv3-128 maxpool conv3-256 conv3-256 conv3-256"
         " maxpool conv3-512 conv3-512 conv3-512 maxpool conv3-512 conv3-512 conv3-512 maxpool FC-4096"
         " FC-4096 FC-1000", VGG16),
    ],
)  # fmt: skip
def test_whole_tables(network: str, words: str, rows: str) -> None:
    assert list(meant(network, words.split()).values()) == rows.split()


def test_no_scheme_of_names_makes_a_right_answer_wrong_or_blank() -> None:
    assert [result for result in misread(120, 17) if result is not None] == []


@pytest.mark.parametrize(
    ("network", "words", "rows"),
    [
        # Keras counts from none where one name has no number, else from 1 or as it pleases
        ("lenet5", "max_pooling2d conv2d_1 max_pooling2d_1", "pool1 conv2 pool2"),
        ("vgg16", "conv2d_1 conv2d_2", "conv1_1 conv1_2"),
        # LeNet's letters also where some are left out, if they cannot be numbered kind by kind
        ("lenet5", "C1 C3 S4 F6", "conv1 conv2 pool2 fc1"),
        ("lenet5", "conv1 MaxPooling_2", "conv1 pool2"),
        # the network's own names win, whatever else a word may be
        ("alexnet", "POOL-3", "pool3"),
    ],
)
def test_parts_of_tables(network: str, words: str, rows: str) -> None:
    assert list(meant(network, words.split()).values()) == rows.split()


def test_what_pytorch_numbers_through_is_matched_by_order() -> None:
    words = [f"{word}-{at}" for at, word in enumerate(MODULES.split(), 1)]
    rows = [row for row in meant("alexnet", words).values() if row in ALEXNET.split()]
    assert rows == ALEXNET.split()


@pytest.mark.parametrize(
    ("network", "words", "open_"),
    [
        ("lenet5", "Layer 1;Layer 2;Layer 3", ["Layer 1", "Layer 2", "Layer 3"]),
        ("lenet5", "Layer 1;pool1", ["Layer 1"]),
        ("lenet5", "conv", ["conv"]),
        ("lenet5", "Conv 7", ["Conv 7"]),
        ("lenet5", "foo", ["foo"]),
        # numbered through or by the network's own names: both go
        ("lenet5", "conv1;pool2;conv3;pool4;conv5;fc6;fc7", ["pool2", "conv3"]),
        ("alexnet", "pool5", ["pool5"]),
        # POOL-3 is AlexNet's third pool, and all of them have a kernel of 3
        ("alexnet", "POOL-3;conv1;POOL-3", ["POOL-3 0", "POOL-3 1"]),
        # conv3 by its kind, the second convolution by LeNet's count
        ("lenet5", "c1;c3", ["c3"]),
        ("vgg16", "conv2d_1;conv2d_3", ["conv2d_1", "conv2d_3"]),
        ("lenet5", "Conv2d-5", ["Conv2d-5"]),
        ("lenet5", "C1;S2", ["S2"]),
        ("vgg16", "MaxPooling 1;CONV-12", ["CONV-12"]),
    ],
)
def test_what_stays_open(network: str, words: str, open_: list[str]) -> None:
    result = meant(network, words.split(";"))
    assert [word for word, row in result.items() if isinstance(row, tuple)] == open_


def test_what_counts_only_among_asked_rows_stays_open() -> None:
    asked = ["conv1", "conv3", "pool1"]
    result = meant("alexnet", ["Convolution 1", "Convolution 2", "pool1"], asked)
    assert result == {
        "Convolution 1": ("conv1", "conv3"),
        "Convolution 2": ("conv1", "conv3"),
        "pool1": "pool1",
    }


def test_an_activation_is_no_row_that_may_be_meant() -> None:
    assert meant("lenet5", ["ReLU", "Softmax", "Flatten", "input"]) == {
        "ReLU": (), "Softmax": (), "Flatten": (), "input": "input",
    }  # fmt: skip


def test_what_was_taken_is_told_and_what_is_open_is_no_blank() -> None:
    table = b"layer,output,params\nConvolution Layer 1,28x28x6,156\npool,14x14x6,0\n"
    homework = assign(summarize("lenet5"), columns=("output", "params"))
    checked = check(homework, read_answers(table, "a.csv"))
    verdicts = {judged.cell.at: judged.verdict for judged in checked.cells}
    assert verdicts["conv1", "output"] == verdicts["conv1", "params"] == "right"
    assert verdicts["pool1", "output"] == verdicts["pool2", "params"] == "unreadable"
    assert verdicts["conv2", "params"] == "blank"
    assert checked.notes == (
        "rows were taken by what they say: Convolution Layer 1 for conv1",
        "row pool was taken for nothing: it may mean pool1, pool2",
    )
    assert checked.extras == ()


def test_a_name_of_its_own_that_stands_twice_is_answered_twice() -> None:
    table = b"layer,params\nconv1,156\nconv1,157\npool1,0\n"
    checked = check(assign(summarize("lenet5")), read_answers(table, "a.csv"))
    (first,) = (cell for cell in checked.cells if cell.cell.at == ("conv1", "params"))
    assert (first.verdict, first.note) == (
        "unreadable", "answered twice: '156' and '157'; keep one",
    )  # fmt: skip


def test_a_plain_table_makes_its_homework_of_described_rows() -> None:
    table = b"layer,params\nC1,156\nS2,0\nC3,2416\n"
    answers = read_answers(table, "a.csv")
    homework = against(summarize("lenet5"), answers)
    assert homework.layers == ("conv1", "pool1", "conv2")
    assert check(homework, answers).count("right") == 3


@pytest.mark.parametrize("suffix", ["json", "yaml"])
def test_rows_of_one_name_keep_apart_in_lists(suffix: str) -> None:
    rows = [("conv1", "28x28x6"), ("pool", "14x14x6"), ("conv2", "10x10x16"), ("pool", "5x5x16")]
    if suffix == "json":
        text = json.dumps([{"layer": layer, "output": output} for layer, output in rows])
    else:
        text = "".join(f"- {{layer: {layer}, output: {output}}}\n" for layer, output in rows)
    homework = assign(summarize("lenet5"), columns=("output",), layers=[*LENET.split()[:4]])
    checked = check(homework, read_answers(text.encode(), f"a.{suffix}"))
    assert checked.count("right") == 4
