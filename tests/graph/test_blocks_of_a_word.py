"""Blocks that bear a layer type's word: they go before what came to the language in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc import SpecErrors, load, loads, summarize
from shapecalc.layers import BUILTIN, layer_class

if TYPE_CHECKING:
    from pathlib import Path

#: The words that no block could have before the others came.
OLD = frozenset([
    "adaptive_avgpool", "adaptive_maxpool", "add", "avgpool", "batchnorm", "blurpool",
    "channel_shuffle", "concat", "conv", "crop", "dense", "depthwise", "dropout", "elu",
    "flatten", "gelu", "global_avgpool", "global_maxpool", "groupnorm", "hard_sigmoid",
    "hard_swish", "identity", "instancenorm", "layernorm", "leaky_relu", "lrn", "maxpool",
    "mish", "multiply", "pad", "permute", "prelu", "rbf", "relu", "relu6", "reshape",
    "separable", "sigmoid", "silu", "softmax", "softplus", "subsampling", "tanh", "transposed",
    "upsample",
])  # fmt: skip
NEW = sorted(set(BUILTIN) - OLD)

#: Attention that is made of all that it may be made of, and splits.
MADE = """
input: 6x6x8
{blocks}
layers:
- attention: {{heads: 2, window: 3, shift: 1, relative_position: true}}
- reshape: 36x8
- attention: {{heads: 4, groups: 2, causal: true, qk_norm: rmsnorm, name: late}}
- concat: {{split: 2, branches: [[], [conv1-3]]}}
"""


@pytest.mark.parametrize("word", BUILTIN)
def test_a_block_has_the_word_of_a_new_layer_and_no_old_one_s(word: str) -> None:
    """A spec that had a block of the name before the layer came means what it meant."""
    assert layer_class(word).yields == (word not in OLD)
    if word in OLD:
        with pytest.raises(SpecErrors) as caught:
            loads(f"input: 6x4\nblocks: {{{word}: {{layers: [tanh]}}}}\nlayers: [{word}]\n")
        problem = caught.value.problems[0]
        assert (problem.code, problem.message) == ("E117", f"'{word}' is a layer type already")
        return
    text = f"""
        input: 6x4
        let: {{scale: 3, bias: 5}}
        blocks:
          {word}: {{fields: {{bias: 7, token: 2}}, layers: [conv: {{filters: bias, kernel: 1}}, conv: {{filters: token, kernel: 1}}]}}
        layers: [{word}, {word}: {{bias: 9}}, {word}: scale, {word}: 6, dense: bias]
    """
    report = summarize(loads(text))
    assert [(row.name, row.output.channels) for row in report.rows[1:]] == [
        (f"{word}1/conv1", 7), (f"{word}1/conv2", 2), (f"{word}2/conv1", 9), (f"{word}2/conv2", 2),
        (f"{word}3/conv1", 3), (f"{word}3/conv2", 2), (f"{word}4/conv1", 6), (f"{word}4/conv2", 2),
        ("fc1", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("word", NEW)
def test_a_block_of_its_name_is_no_part_of_attention_or_a_split(word: str) -> None:
    block = f"blocks: {{{word}: {{fields: {{n: 5}}, layers: [conv: {{filters: n, kernel: 1}}]}}}}"
    plain = summarize(loads(MADE.format(blocks="")))
    report = summarize(loads(MADE.format(blocks=block)))
    assert [(row.name, row.type, row.output) for row in report.rows] == [
        (row.name, row.type, row.output) for row in plain.rows
    ]
    assert report.totals == plain.totals


def test_what_is_said_of_all_layers_of_a_type_is_not_said_of_the_parts_of_attention() -> None:
    defaults = "defaults: {softmax: {over: positions}, matmul: {heads: 4}, slice: {length: [0, 3]}}"
    assert summarize(loads(MADE.format(blocks=defaults))).totals == (
        summarize(loads(MADE.format(blocks=""))).totals
    )


def test_parts_of_attention_are_edited_beside_blocks_of_their_name(tmp_path: Path) -> None:
    block = "blocks: {matmul: {fields: [n], layers: [relu]}}"
    (tmp_path / "base.yaml").write_text(MADE.format(blocks=block))
    edits = "change: {attention1/scores: {root: false}, late/softmax: {type: matmul, n: 3}}"
    (tmp_path / "child.yaml").write_text(f"extends: base.yaml\n{edits}\n")
    base, child = (summarize(load(tmp_path / name)) for name in ("base.yaml", "child.yaml"))
    names = [row.name for row in base.rows]
    assert [row.name for row in child.rows] == [
        name.replace("late/softmax", "late/softmax/relu1") for name in names
    ]
    assert base["attention1/scores"].work.multiplies > 0
    assert child["attention1/scores"].work.multiplies == 0
