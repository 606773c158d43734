"""Headings mean what classes mean by them, and what programs print is a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapecalc import summarize
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.headings import layers_column, quantity_of, unit_in
from shapecalc.homework.assignment.model import TOTAL, assign, computing
from shapecalc.homework.diagnosis.check import check

FILES = Path(__file__).parent / "files"

#: Headings by what they mean; under `-` those that mean nothing which may be asked.
HEADINGS = {
    "output": """Activation map dimensions;Output volume size;Feature map size;Output dimension;
        Shape of output;Output Shape;Activation shape;Output (HxWxC);Output H x W x C;Output volume;
        Output_shape;Dimensions of the output volume;Output activation volume;Ausgabegröße;
        Größe der Ausgabe;Ausgabe;Dimensiones de salida;Tamaño de la salida;Forma de salida""",
    "params": """No. of parameters;Number of learnable parameters;Num params;Param #;#Params;
        Total params;weights + biases;Weights and biases;Anzahl Parameter;Anzahl der Parameter;
        Número de parámetros;Nº de parámetros;Nombre de paramètres;Learnable params;Params(K)""",
    "units": "Activation size;Number of neurons;activations;Neuronen;# neuronas;Output units",
    "weights": "# weights;No. of weights;Anzahl Gewichte;Pesos",
    "biases": "# biases;Bias;Sesgos",
    "trainable": "Trainable params;Number of trainable parameters",
    "frozen": "Non-trainable params;Nontrainable parameters",
    "macs": "MACs;Mult-Adds;Multiply-adds (M);MAC operations;No. of multiplications;MMACs",
    "flops": "FLOPs;GFLOPs;Operations;Number of operations;Operaciones",
    "memory": "Memory (KB);Memory/KB;memory in KB;Speicherbedarf (KB);Memoria",
    "connections": "# connections;Verbindungen",
    "rf": "Receptive field;RF;receptive field size;Rezeptives Feld;Campo receptivo",
    "-": """Input size;Input shape;Kernel size;Filter size;Stride;Padding;Output H;Output channels;
        number of filters;Kernel params;Marks;Notes;Weights memory;Activation function;Size""",
}


@pytest.mark.parametrize(
    ("heading", "key"),
    [(heading.strip(), key) for key, words in HEADINGS.items() for heading in words.split(";")],
)
def test_headings(heading: str, key: str) -> None:
    quantity = quantity_of(heading)
    assert (quantity.key if quantity is not None else "-") == key


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("MACs (M)", "M"), ("MACs [M]", "M"), ("MACs in M", "M"), ("MACs x10^6", "M"),
        ("MACs (\N{MULTIPLICATION SIGN}10^6)", "M"), ("MACs (×10⁶)", "M"), ("MACs ($10^6$)", "M"),
        ("Params (thousands)", "K"), ("Params (in thousands)", "K"), ("Parameters (millions)", "M"),
        ("Params (Mio.)", "M"), ("GFLOPs", "G"), ("MMACs", "M"), ("memory/KB", "KB"),
        ("Memory, KB", "KB"), ("memory (KiB)", "KiB"), ("Params", ""), ("Output (HxWxC)", ""),
        ("Memory (bytes)", "bytes"), ("Param #", ""),
    ],
)  # fmt: skip
def test_units_of_headings(heading: str, unit: str) -> None:
    assert unit_in(heading) == unit


def test_the_column_of_layers() -> None:
    assert layers_column(["#", "Type", "Layer", "Params"]) == 2
    assert layers_column(["Layer (type)", "Output Shape", "Param #"]) == 0
    assert layers_column(["Schicht", "Ausgabe"]) == layers_column(["Capa", "Salida"]) == 0
    assert layers_column(["", "output", "params"]) == 0  # as pandas writes its index
    assert layers_column(["", "a", "params"]) is None


def verdicts(text: str, name: str) -> dict[tuple[str, str], str]:
    """Judge a table of LeNet-5 with sums."""
    report = summarize("lenet5")
    homework = assign(report, layers=(*computing(report), TOTAL), columns=("output", "params"))
    checked = check(homework, read_answers(text.encode(), name))
    return {judged.cell.at: judged.verdict for judged in checked.cells}


@pytest.mark.parametrize("suffix", ["txt", "csv", "md"])
@pytest.mark.parametrize("program", ["keras", "keras2", "torchinfo", "torchsummary"])
def test_summaries_of_programs_are_read_to_the_last_cell(program: str, suffix: str) -> None:
    text = (FILES / f"{program}.txt").read_text(encoding="utf-8")
    judged = verdicts(text, f"answers.{suffix}")
    assert len(judged) == 15
    assert all(verdict.startswith("right") for verdict in judged.values()), judged


def test_a_wrong_cell_of_a_summary_is_wrong() -> None:
    text = (FILES / "keras.txt").read_text(encoding="utf-8").replace("2,416", "2,400")
    judged = verdicts(text, "answers.txt")
    assert [at for at, verdict in judged.items() if not verdict.startswith("right")] == [
        ("conv2", "params")
    ]


def test_a_name_that_goes_on_in_the_next_line() -> None:
    answers = read_answers((FILES / "keras_long.txt").read_bytes(), "a.txt")
    assert answers.rows[:2] == ("a_very_long_name_of_con… (Conv2D)", "pool1 (MaxPooling2D)")
    assert [cell.raw for cell in answers.cells if cell.layer == TOTAL] == ["156"]


CSV = """Layer (type),Output Shape,Param #
conv2d (Conv2D),"(None, 28, 28, 6)",156
max_pooling2d (MaxPooling2D),"(None, 14, 14, 6)",0
conv2d_1 (Conv2D),"(None, 10, 10, 16)","2,416"
max_pooling2d_1 (MaxPooling2D),"(None, 5, 5, 16)",0
conv2d_2 (Conv2D),"(None, 1, 1, 120)","48,120"
flatten (Flatten),"(None, 120)",0
dense (Dense),"(None, 84)","10,164"
dense_1 (Dense),"(None, 10)",850
total,,"61,706"
"""
NOTEBOOK = """\
|    | Layer   | Shape of output   |   No. of parameters |
|---:|:--------|:------------------|--------------------:|
|  0 | conv1   | (28, 28, 6)       |                 156 |
|  1 | pool1   | (14, 14, 6)       |                   0 |
|  2 | conv2   | (10, 10, 16)      |                2416 |
|  3 | pool2   | (5, 5, 16)        |                   0 |
|  4 | conv3   | (1, 1, 120)       |               48120 |
|  5 | fc1     | 84                |               10164 |
|  6 | fc2     | 10                |                 850 |
|  7 | total   |                   |               61706 |
"""
SIMPLE = """\
layer   output volume   params
------- --------------- -----------
conv1   28 x 28 x 6     156
pool1   14 x 14 x 6     0
conv2   10x10x16        5\\*5\\*6\\*16
                        + 16
pool2   5x5x16          0
conv3   1x1x120         48,120
fc1     84              10,164
fc2     10              850
total                   61,706
"""
MULTILINE = """\
-------------------------------------
layer   output          params
------- --------------- -------------
conv1   28 x 28 x 6     156

pool1   14 x 14 x 6     0

conv2   10x10x16        5\\*5\\*6\\*16
                        + 16

pool2   5x5x16          0

conv3   1x1x120         48,120

fc1     84              10,164

fc2     10              850

total                   61,706
-------------------------------------
"""
GRID = """\
+-------+-------------+---------------+
| layer | output      | params        |
+=======+=============+===============+
| conv1 | 28 x 28 x 6 | 156           |
+-------+-------------+---------------+
| pool1 | 14 x 14 x 6 | 0             |
+-------+-------------+---------------+
| conv2 | 10x10x16    | 5\\*5\\*6\\*16    |
|       |             | + 16          |
+-------+-------------+---------------+
| pool2 | 5x5x16      | 0             |
+-------+-------------+---------------+
| conv3 | 1x1x120     | 48,120        |
+-------+-------------+---------------+
| fc1   | 84          | 10,164        |
+-------+-------------+---------------+
| fc2   | 10          | 850           |
+-------+-------------+---------------+
| total |             | 61,706        |
+-------+-------------+---------------+
"""


@pytest.mark.parametrize(
    ("text", "suffix"),
    [(CSV, "csv"), (NOTEBOOK, "md"), (NOTEBOOK, "txt")]
    + [(table, suffix) for table in (SIMPLE, MULTILINE, GRID) for suffix in ("md", "txt")],
    ids=["csv", "notebook", "notebook.txt", "simple", "simple.txt", "multiline", "multiline.txt",
         "grid", "grid.txt"],
)  # fmt: skip
def test_tables_as_programs_write_them(text: str, suffix: str) -> None:
    judged = verdicts(text, f"answers.{suffix}")
    assert all(verdict.startswith("right") for verdict in judged.values()), judged
