"""What is said of attention, recurrent layers and tokens, and of fields that are bounds."""

from __future__ import annotations

import re

import pytest

import shapecalc
from tests.analysis.explain.support import of_text

ATTENTION = "input: 10x24\nlayers:\n- token: 2\n- attention: {heads: 6, causal: true}\n"
BEFORE = "input: 10x24\nlayers:\n- token: 2\n- slice: {length: [0, 2]}\n"
HEADS = "input: 8x10x12\nlayers:\n- matmul: {from: [., .], transpose: first, heads: 3}\n- sigmoid\n"
SHIFTED = "input: 8x8x4\nlayers:\n- attention: {heads: 2, window: 4, shift: 2}\n"
WINDOWS = SHIFTED.replace("8x8x4", "Hx8x4").replace("shift: 2", "shift: 0")
POOL = "input: 10007x10007x3\nlayers:\n- adaptive_avgpool: 5003\n- conv: {filters: 4, kernel: 3}\n"
ROLLED = "input: 10x4\nlayers:\n- conv: {filters: 4, kernel: 3, pad: 1}\n- roll: 4\n"
LSTM = "input: 9x4\nlayers:\n- conv: {filters: 4, kernel: 3}\n- lstm: {units: 4}\n"


def said(text: str, layer: str, topic: str) -> str:
    """Return an explanation as one line."""
    explained = shapecalc.explain(of_text(text), layer, topic).render("text")
    return re.sub(r"\s+", " ", explained)


@pytest.mark.parametrize(
    ("text", "layer", "answer", "why"),
    [
        (ATTENTION, "token1", "1 position", "Every unit looks at one place or none"),
        (ATTENTION, "attention1/scores", "10 positions", "the one operand and its line of the other"),
        (ATTENTION, "attention1/softmax", "at most 10 positions", "through masks, windows"),
        (ROLLED, "roll1", "3 positions", "Every unit looks at one place or none"),
        (BEFORE, "slice1", "0 positions", "No unit sees anything of the input"),
        (HEADS, "matmul1", "8x10 pixels", "An element of the product sees"),
        (HEADS, "sigmoid1", "8x10 pixels", "Every unit looks at its own place only"),
        (SHIFTED, "attention1/merge", "at most 8 pixels", "and may see less"),
        (WINDOWS.replace("H", "8"), "attention1/merge", "4 pixels", "The same elements lie elsewhere"),
        (POOL, "adaptive_avgpool1", "at most 10007 pixels", "and may see less"),
        (LSTM, "lstm1", "9 positions", "The state carries what all steps before have left; the widest"),
    ],
)  # fmt: skip
def test_fields_say_how_far_and_why(text: str, layer: str, answer: str, why: str) -> None:
    told_of = said(text, layer, "receptive-field")
    assert f"receptive field: {answer} " in told_of
    assert why in told_of


@pytest.mark.parametrize("word", ["rnn", "gru", "lstm"])
def test_letters_of_a_recurrent_layer_have_one_meaning(word: str) -> None:
    """Broken by gates that are listed as indices, or by steps that have the letter of an array."""
    text = f"input: 10x24\nlayers:\n- {word}: {{units: 4}}\n"
    gradient = said(text, f"{word}1", "gradient")
    assert (
        "the weights of the input w and of the state u, the biases b and d, the output y; L is the"
        " loss. Indices, from 0: c inputs, f units, k rows (gate by gate) and t steps."
    ) in gradient
    assert "dL/dw[k, c] = sum over t of h[k, t] * x[c, t]" in gradient
    assert "padding" not in said(text, f"{word}1", "macs")


def test_a_worked_gate_is_neither_shut_nor_wide_open() -> None:
    """So that the numbers of an example are more than zeros."""
    example = shapecalc.explain(
        of_text("input: 10x24\nlayers:\n- lstm: {units: 4}\n"), "lstm1", "gradient"
    )
    lines = example.render("text").split("L is the sum of g*y")[1]
    assert re.search(r"e-\d\d", lines) is None


def test_rounds_are_named_by_their_paths_in_a_sum() -> None:
    text = "input: 8x8x3\nlayers:\n- repeat: {name: r, times: 2, layers: [conv3-3, conv3-3]}\n"
    assert "MACs = r/1 + r/2 = 10,368 + 10,368" in said(text, "r", "macs")
    assert "MACs = conv1 + conv2 = 5,184 + 5,184" in said(text, "r/1", "macs")
