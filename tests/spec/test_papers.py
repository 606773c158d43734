"""The words of papers and exams: what each means, and which are refused with their repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.errors import SpecErrors
from tests.spec.support import codes_of, output_of, problems_of, report_of

if TYPE_CHECKING:
    from pathlib import Path

#: A word, and the same layer written with all its fields.
MEANT = {
    "conv3-64": "conv: {filters: 64, kernel: 3, pad: same}",
    "CONV-9-32": "conv: {filters: 32, kernel: 9, pad: same}",
    "conv_5-8": "conv: {filters: 8, kernel: 5, pad: same}",
    "conv3x3-64": "conv: {filters: 64, kernel: 3x3, pad: same}",
    "Conv1x7-24": "conv: {filters: 24, kernel: 1x7, pad: same}",
    "conv3-64/2": "conv: {filters: 64, kernel: 3, stride: 2, pad: same}",
    "CONV-7-64/2": "conv: {filters: 64, kernel: 7, stride: 2, pad: same}",
    "7x7 conv, 64, /2": "conv: {filters: 64, kernel: 7x7, stride: 2, pad: same}",
    "3×3 conv, 16": "conv: {filters: 16, kernel: 3x3, pad: same}",
    "Conv3–64": "conv: {filters: 64, kernel: 3, pad: same}",
    "k9n64s1": "conv: {filters: 64, kernel: 9, stride: 1, pad: same}",
    "k3n8s2": "conv: {filters: 8, kernel: 3, stride: 2, pad: same}",
    "dwconv3": "depthwise: {kernel: 3, pad: same}",
    "depthwise-3/2": "depthwise: {kernel: 3, stride: 2, pad: same}",
    "conv-dw3": "depthwise: {kernel: 3, pad: same}",
    "sepconv3-16": "separable: {filters: 16, kernel: 3, pad: same}",
    "separable5-16/2": "separable: {filters: 16, kernel: 5, stride: 2, pad: same}",
    "deconv4-8/2": "transposed: {filters: 8, kernel: 4, stride: 2, pad: same}",
    "up-conv2-8/2": "transposed: {filters: 8, kernel: 2, stride: 2, pad: same}",
    "conv-transpose-3-8/1": "transposed: {filters: 8, kernel: 3, stride: 1, pad: same}",
    "POOL": "maxpool",
    "POOL-2": "maxpool: 2",
    "POOL2": "maxpool: 2",
    "pool3/2": "maxpool: {kernel: 3, stride: 2}",
    "max-pool": "maxpool",
    "Max_Pool": "maxpool",
    "max-pooling": "maxpool",
    "max pool": "maxpool",
    "max pool 2": "maxpool: 2",
    "Max Pool 3/2": "maxpool: {kernel: 3, stride: 2}",
    "FC 10": "dense: 10",
    "dropout 0.5": "dropout: 0.5",
    "group norm 2": "groupnorm: 2",
    "conv 3-64": "conv: {filters: 64, kernel: 3, pad: same}",
    "CONV 7-64/2": "conv: {filters: 64, kernel: 7, stride: 2, pad: same}",
    "global average pool": "global_avgpool",
    "leaky ReLU": "leaky_relu",
    "maxpool-2": "maxpool: 2",
    "MAX-POOL-3": "maxpool: 3",
    "maxpool3/2": "maxpool: {kernel: 3, stride: 2}",
    "maxpool2x3": "maxpool: 2x3",
    "3x3 max pool, /2": "maxpool: {kernel: 3x3, stride: 2}",
    "avgpool-3": "avgpool: 3",
    "avg-pool": "avgpool",
    "average-pool-3": "avgpool: 3",
    "AVGPOOL3/1": "avgpool: {kernel: 3, stride: 1}",
    "subsampling-2": "subsampling: 2",
    "global-avg-pool": "global_avgpool",
    "globalavgpool": "global_avgpool",
    "global-average-pooling": "global_avgpool",
    "GAP": "global_avgpool",
    "global-max-pool": "global_maxpool",
    "adaptive-avgpool-2": "adaptive_avgpool: 2",
    "FC-3": "dense: 3",
    "dense-10": "dense: 10",
    "Linear-10": "dense: 10",
    "dropout-0.5": "dropout: 0.5",
    "batch-norm": "batchnorm",
    "BN": "batchnorm",
    "group-norm-2": "groupnorm: 2",
    "leaky-relu": "leaky_relu",
    "LeakyReLU": "leaky_relu",
    "hard-swish": "hard_swish",
    "soft-max": "softmax",
    "upsample-2": "upsample: 2",
    "channel-shuffle-2": "channel_shuffle: 2",
}


@pytest.mark.parametrize("word", list(MEANT))
def test_a_word_of_the_papers_is_the_layer_that_it_stands_for(word: str) -> None:
    meant, written = (
        report_of(f"input: 12x12x4\nlayers:\n  - {text}\n") for text in (word, MEANT[word])
    )
    assert meant.rows[1].layer == written.rows[1].layer
    assert meant.rows == written.rows


@pytest.mark.parametrize(
    ("word", "output", "weights"),
    [
        ("CONV-5-7", "9x9x7", 700),  # 7 x 4 x 5 x 5
        ("conv3-7/2", "5x5x7", 252),  # ceil(9/2); 7 x 4 x 3 x 3
        ("dwconv3/2", "5x5x4", 36),  # 4 x 3 x 3
        ("sepconv3-7", "9x9x7", 64),  # 4 x 3 x 3 + 7 x 4
        ("deconv4-7/2", "18x18x7", 448),  # 9 x 2; 7 x 4 x 4 x 4
        ("POOL-2", "4x4x4", 0),  # floor((9 - 2)/2) + 1
        ("pool3/2", "4x4x4", 0),  # floor((9 - 3)/2) + 1
        ("FC-7", "7", 2268),  # 7 x 9 x 9 x 4
    ],
)
def test_numbers_by_hand(word: str, output: str, weights: int) -> None:
    report = report_of(f"input: 9x9x4\nlayers: [{word}]\n")
    assert output_of(report, report.rows[1].name) == output
    assert report.rows[1].weights == weights


@pytest.mark.parametrize(
    ("word", "repair"),
    [
        ("conv3", "conv3-64"),
        ("conv-64", "conv3-64"),
        ("conv3x3", "conv3-64"),
        ("3x3 conv", 'conv3-64`, or in quotes, for the comma, `"3x3 conv, 64"'),
        ("conv3-64-2", "conv3-64/2"),
        ("CONV-3-64-2", "CONV3-64/2"),
        ("conv3-64-s2", "conv3-64/2"),
        ("conv-3x3-64s2", "conv3x3-64/2"),
        ("conv 64", "conv3-64"),
        ("conv3x3, 64", "3x3 conv, 64"),
        ("3x3 conv 64", "3x3 conv, 64"),
        ("conv1_1", "conv3-64: {name: conv1_1}"),
        ("maxpool3x3s2", "maxpool3x3/2"),
        ("sepconv64", "conv3-64"),
        ("deconv4-64", "deconv4-64/2"),
        ("up-conv2-64", "deconv4-64/2"),
        ("deconv4", "deconv4-64/2"),
        ("dwconv3-64", "dwconv3"),
        ("pool3-2", "pool3/2"),
        ("max-pool-3-2", "max-pool3/2"),
        ("pool/2", "pool3/2"),
        ("fc6", "fc-6"),
        ("dense10", "dense: 10"),
        ("softmax-10", "dense: 10"),
        ("dropout0.5", "dropout: 0.5"),
        ("dropout-50", "dropout: 0.50"),
    ],
)
def test_a_word_that_may_mean_several_things_is_refused(word: str, repair: str) -> None:
    (problem,) = problems_of(f"input: 12x12x4\nlayers:\n  - {word}\n")
    assert problem.code == "E112"
    assert f"`{repair}" in problem.hint


#: What is near to a word, and none: each is refused.
NONE = ["pool-", "-pool", "conv--3-64", "conv3--64", "conv3-64/", "conv3-64/2x1", "flatten-", "c3-64",
        "k3n64", "relu-6", "add-2", "concat-2", "upsample-2x2", "fc-10/2", "dropout-1", "dropout-0.5/2",
        "lrn-5", "softmax-", "global-pool", "conv3-64-relu", "fc-1.5", "pool0.5", "repeat-2"]  # fmt: skip


@pytest.mark.parametrize("word", NONE)
def test_a_word_near_to_one_of_the_papers_is_refused(word: str) -> None:
    assert codes_of(f"input: 12x12x4\nlayers:\n  - {word}\n") == ["E112"]


def test_an_exams_defaults_hold_for_the_words_of_papers() -> None:
    # Every convolution unpadded: 128 - 9 + 1 = 120, 60 - 5 + 1 = 56, 28 - 5 + 1 = 24.
    report = report_of(
        """
        input: 128x128x3
        defaults: {conv: {pad: 0}}
        layers: [conv9-32, maxpool, conv5-64, maxpool, conv5-64, maxpool, dense: 64, dense: 3]
        """
    )
    assert [output_of(report, name) for name in ("conv1", "conv2", "conv3")] == [
        "120x120x32",
        "56x56x64",
        "24x24x64",
    ]
    assert report["fc1"].weights == 589_824  # 12 x 12 x 64 x 64


DEFAULTS = [
    ("conv: {pad: 0}", "conv3-8", "conv: {filters: 8, kernel: 3}"),
    (
        "conv: {pad: valid}",
        "conv3-8: {name: a}",
        "conv: {name: a, filters: 8, kernel: 3, pad: valid}",
    ),
    ("conv: {pad: 1}", "conv5-8", "conv: {filters: 8, kernel: 5, pad: 1}"),
    ("conv: {pad: 0}", "conv3-8: {pad: same}", "conv: {filters: 8, kernel: 3, pad: same}"),
    ("conv: {kernel: 5, filters: 2}", "conv3-8", "conv: {filters: 8, kernel: 3, pad: same}"),
    ("conv: {stride: 2}", "conv3-8", "conv: {filters: 8, kernel: 3, stride: 2, pad: same}"),
    ("conv: {stride: 2}", "conv3-8/3", "conv: {filters: 8, kernel: 3, stride: 3, pad: same}"),
    ("conv: {pad: 0}", "7x7 conv, 8, /2", "conv: {filters: 8, kernel: 7x7, stride: 2}"),
    ("depthwise: {pad: 0}", "dwconv3", "depthwise: {kernel: 3}"),
    ("separable: {pad: 0}", "sepconv3-8", "separable: {filters: 8, kernel: 3}"),
    ("deconv: {pad: 1}", "deconv4-8/2", "transposed: {filters: 8, kernel: 4, stride: 2, pad: 1}"),
    ("maxpool: {kernel: 3, stride: 1}", "POOL-2", "maxpool: {kernel: 2, stride: 1}"),
    ("maxpool: {kernel: 3}", "max-pool", "maxpool: 3"),
    ("dense: {bias: false}", "FC-8", "dense: {units: 8, bias: false}"),
    ("BN: {affine: false}", "batch-norm", "batchnorm: {affine: false}"),
]


@pytest.mark.parametrize(("defaults", "word", "meant"), DEFAULTS)
def test_what_a_word_does_not_say_comes_from_the_defaults(
    defaults: str, word: str, meant: str
) -> None:
    short = report_of(f"input: 12x12x4\ndefaults: {{{defaults}}}\nlayers:\n  - {word}\n")
    assert short.rows == report_of(f"input: 12x12x4\nlayers:\n  - {meant}\n").rows


def test_defaults_of_a_word_that_means_two_pools_or_says_fields_are_refused() -> None:
    assert codes_of("input: 9\ndefaults: {POOL: {kernel: 3}}\nlayers: []\n") == ["E112"]
    assert codes_of("input: 9\ndefaults: {conv3-8: {bias: false}}\nlayers: []\n") == ["E112"]


def test_a_block_of_the_spec_comes_before_a_word_of_the_papers() -> None:
    text = "input: 9x9x4\nblocks: {pool2: {layers: [relu]}}\nlayers: [pool2]\n"
    assert report_of(text).rows[1].name == "pool2_1/relu1"
    assert codes_of(text.replace("[pool2]", "[Pool2]")) == ["E112"]


def test_a_word_that_says_its_fields_takes_no_value() -> None:
    (problem,) = problems_of("input: 9x9x4\nlayers: [POOL-2: 3]\n")
    assert (problem.code, problem.message) == ("E110", "POOL-2 says its kernel already")
    assert output_of(report_of("input: 9x9x4\nlayers: [POOL: 3]\n"), "pool1") == "3x3x4"


def test_a_change_comes_before_what_a_word_leaves_unsaid(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 9x9x4\nlayers: [conv3-8]\n", "utf-8")
    mine = tmp_path / "mine.yaml"
    for change, output in (
        ("{kernel: 5}", "9x9x8"),
        ("{pad: 0}", "7x7x8"),
        ("{type: conv, filters: 8, kernel: 3}", "7x7x8"),  # another layer, written out
    ):
        mine.write_text(f"extends: base.yaml\nchange: {{conv1: {change}}}\n", "utf-8")
        assert output_of(summarize(str(mine)), "conv1") == output
    mine.write_text("extends: base.yaml\ndefaults: {conv: {pad: 0}}\n", "utf-8")
    assert output_of(summarize(str(mine)), "conv1") == "7x7x8"


@pytest.mark.parametrize("words", ["3x3 conv, 64", "7x7 conv, 64, /2", "3x3 max pool, /2"])
def test_a_word_with_commas_that_lacks_its_quotes_is_told_of_them(words: str) -> None:
    problems = problems_of(f"input: 12x12x4\nlayers: [{words}]\n")
    assert {problem.code for problem in problems} == {"E112"}
    for problem in problems:
        assert "quotes" in problem.hint
        assert '`"3x3 conv, 64' in problem.hint
    report_of(f"input: 12x12x4\nlayers: ['{words}']\n")


@pytest.mark.parametrize("name", ["conv5-7", "FC-10", "pool2", "conv3-64"])
def test_a_block_may_have_the_name_of_a_word_of_the_papers(name: str) -> None:
    blocks = f"{{{name}: {{fields: [n], layers: [dense: n]}}}}"
    report = report_of(f"input: 9x9x4\nblocks: {blocks}\nlayers: [{name}: 5]\n")
    assert report.totals.params == 9 * 9 * 4 * 5 + 5


def test_a_change_of_type_knows_the_words_of_papers(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("input: 9x9x4\nlayers: [conv3-8: {name: x}]\n", "utf-8")
    mine = tmp_path / "mine.yaml"

    def params(change: str, more: str = "") -> object:
        mine.write_text(f"extends: base.yaml\nchange: {{x: {{{change}}}}}\n{more}", "utf-8")
        return summarize(str(mine)).totals.params, output_of(summarize(str(mine)), "x")

    assert params("type: conv5-9") == (5 * 5 * 4 * 9 + 9, "9x9x9")
    assert params("type: CONV-5-9") == (5 * 5 * 4 * 9 + 9, "9x9x9")
    assert params("type: '5x5 conv, 9, /2'") == (5 * 5 * 4 * 9 + 9, "5x5x9")
    assert params("type: conv5-9, bias: false") == (5 * 5 * 4 * 9, "9x9x9")
    assert params("type: conv5-9, filters: 3") == (5 * 5 * 4 * 3 + 3, "9x9x3")
    assert params("type: conv5-9", "defaults: {conv: {pad: 0}}\n") == (5 * 5 * 4 * 9 + 9, "5x5x9")
    assert params("type: FC-7") == (9 * 9 * 4 * 7 + 7, "7")
    with pytest.raises(SpecErrors) as raised:
        params("type: conv5")
    assert "conv3-64" in raised.value.problems[0].hint
