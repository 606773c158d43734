"""Layers as words: bare, with a value, with fields; aliases; the papers' notation."""

from __future__ import annotations

import pytest

from tests import kinds
from tests.spec.support import codes_of, names_of, output_of, problems_of, report_of


def one_layer(statement: str, given: str = "9x9x4") -> str:
    return f"input: {given}\nlayers:\n  - {statement}\n"


BARE = {  # words that need no field, with what each makes of 9x9x4
    "maxpool": "4x4x4",  # floor((9 - 2)/2) + 1
    "avgpool": "4x4x4",
    "subsampling": "4x4x4",
    "global_avgpool": "1x1x4",
    "global_maxpool": "1x1x4",
    "lrn": "9x9x4",
    "batchnorm": "9x9x4",
    "layernorm": "9x9x4",
    "instancenorm": "9x9x4",
    "relu": "9x9x4",
    "relu6": "9x9x4",
    "leaky_relu": "9x9x4",
    "prelu": "9x9x4",
    "elu": "9x9x4",
    "gelu": "9x9x4",
    "silu": "9x9x4",
    "sigmoid": "9x9x4",
    "hard_sigmoid": "9x9x4",
    "hard_swish": "9x9x4",
    "tanh": "9x9x4",
    "softplus": "9x9x4",
    "softmax": "9x9x4",
    "dropout": "9x9x4",
    "identity": "9x9x4",
    "flatten": "324",  # 9 x 9 x 4
    "upsample": "18x18x4",
}


@pytest.mark.parametrize("word", kinds.BARE)
def test_every_type_whose_fields_have_defaults_may_be_a_bare_word(word: str) -> None:
    bare, written = (
        report_of(one_layer(text, "9x9x32")).rows[1] for text in (word, f"{word}: {{}}")
    )
    assert bare.type == word
    assert (bare.layer, bare.output) == (written.layer, written.output)


@pytest.mark.parametrize(("word", "output"), BARE.items())
def test_a_bare_word_is_a_layer_with_its_defaults(word: str, output: str) -> None:
    report = report_of(one_layer(word))
    assert report.rows[1].type == word
    assert output_of(report, report.rows[1].name) == output


@pytest.mark.parametrize(("word", "output"), BARE.items())
def test_a_word_with_nothing_after_its_colon_is_a_bare_word(word: str, output: str) -> None:
    report = report_of(one_layer(f"{word}:"))
    assert output_of(report, report.rows[1].name) == output


@pytest.mark.parametrize(
    ("statement", "output"),
    [
        ("dense: 4096", "4096"),
        ("rbf: 10", "10"),
        ("maxpool: 3", "3x3x4"),
        ("avgpool: 9", "1x1x4"),
        ("subsampling: 3", "3x3x4"),
        ("adaptive_avgpool: 5", "5x5x4"),
        ("adaptive_maxpool: 2x3", "2x3x4"),
        ("lrn: 3", "9x9x4"),
        ("groupnorm: 2", "9x9x4"),
        ("layernorm: all", "9x9x4"),
        ("leaky_relu: 0.2", "9x9x4"),
        ("elu: 1.5", "9x9x4"),
        ("softmax: positions", "9x9x4"),
        ("dropout: 0.5", "9x9x4"),
        ("reshape: 3x27x4", "3x27x4"),
        ("permute: [2, 0, 1]", "4x9x9"),
        ("pad: 2", "13x13x4"),
        ("crop: 2", "5x5x4"),
        ("upsample: 3", "27x27x4"),
        ("channel_shuffle: 2", "9x9x4"),
        ("slice: [1, -1]", "9x9x2"),
        ("slice: 2 of 4", "9x9x1"),
        ("pad_channels: 3", "9x9x10"),
        ("pixel_shuffle: 2", "18x18x1"),
        ("pixel_unshuffle: 3", "3x3x36"),
    ],
)
def test_a_bare_value_sets_the_principal_field(statement: str, output: str) -> None:
    report = report_of(one_layer(statement))
    assert output_of(report, report.rows[1].name) == output


@pytest.mark.parametrize(
    ("statement", "output", "weights"),
    [
        ("conv: {filters: 8, kernel: 3}", "7x7x8", 288),  # 8 x 4 x 3 x 3
        ("depthwise: {kernel: 3, multiplier: 2}", "7x7x8", 72),  # 4 x 2 x 3 x 3
        ("separable: {filters: 5, kernel: 3}", "7x7x5", 56),  # 4 x 3 x 3 + 5 x 4
        ("transposed: {filters: 3, kernel: 2, stride: 2}", "18x18x3", 48),  # 4 x 3 x 2 x 2
        ("dense: {units: 7}", "7", 2268),  # 7 x 324
        ("prelu: {shared: true}", "9x9x4", 1),
    ],
)
def test_a_word_with_fields(statement: str, output: str, weights: int) -> None:
    report = report_of(one_layer(statement))
    assert output_of(report, report.rows[1].name) == output
    assert report.rows[1].weights == weights


def test_a_depthwise_layer_takes_its_kernel_as_value_and_a_separable_one_its_filters() -> None:
    assert output_of(report_of(one_layer("depthwise: 3")), "depthwise1") == "7x7x4"
    assert codes_of(one_layer("separable: 5")) == ["E113"]  # the kernel is missing


@pytest.mark.parametrize("alias", ["fc", "linear", "FC", "Linear"])
def test_fc_and_linear_mean_dense(alias: str) -> None:
    report = report_of(one_layer(f"{alias}: 10"))
    assert report.rows[1].type == "dense"
    assert report["fc1"].weights == 3240  # 10 x 324


@pytest.mark.parametrize("word", ["ReLU", "RELU", "MaxPool", "MAXPOOL", "BatchNorm", "Dropout"])
def test_types_may_be_written_in_capitals(word: str) -> None:
    assert report_of(one_layer(word)).rows[1].type == word.lower()


@pytest.mark.parametrize("word", ["conv3-64", "CONV3-64", "Conv3-64"])
def test_the_papers_convolution_has_stride_1_and_keeps_the_size(word: str) -> None:
    # Simonyan & Zisserman 2014, Table 1: "conv<receptive field size>-<number of channels>"
    report = report_of(one_layer(word, "224x224x3"))
    assert output_of(report, "conv1") == "224x224x64"
    assert (report["conv1"].weights, report["conv1"].biases) == (1728, 64)  # 64 x 3 x 3 x 3


def test_the_papers_convolution_of_an_even_kernel_keeps_the_size_too() -> None:
    assert output_of(report_of(one_layer("conv4-8")), "conv1") == "9x9x8"
    assert output_of(report_of(one_layer("conv1-8")), "conv1") == "9x9x8"


@pytest.mark.parametrize("word", ["FC-10", "fc-10", "Fc-10"])
def test_the_papers_dense_layer(word: str) -> None:
    report = report_of(one_layer(word))
    assert output_of(report, "fc1") == "10"
    assert report["fc1"].params == 3250  # 10 x 324 + 10


@pytest.mark.parametrize("word", ["soft-max", "Soft-Max", "SOFT-MAX", "softmax"])
def test_the_papers_softmax(word: str) -> None:
    assert names_of(report_of(one_layer(word))) == ["softmax1"]


def test_the_papers_words_take_fields() -> None:
    report = report_of(one_layer("conv3-8: {name: stem, stride: 2, bias: false}"))
    assert output_of(report, "stem") == "5x5x8"  # same: ceil(9/2)
    assert report["stem"].biases == 0
    assert output_of(report_of(one_layer("FC-10: {name: fc8}")), "fc8") == "10"


def test_a_field_beside_the_papers_word_overrides_it() -> None:
    report = report_of(one_layer("conv3-8: {kernel: 5, pad: 0}"))
    assert output_of(report, "conv1") == "5x5x8"


def test_the_papers_words_take_no_value() -> None:
    assert codes_of(one_layer("conv3-8: 16")) == ["E110"]
    assert codes_of(one_layer("FC-10: 20")) == ["E110"]


def test_vgg_column_a_in_the_papers_words() -> None:
    # Simonyan & Zisserman 2014, Table 1 (column A) and Table 2: 133 million;
    # exactly 132,863,336 params and 7,609,090,048 MACs (published.md, section 5)
    report = report_of(
        """
        input: 224x224x3
        layers: [conv3-64, maxpool, conv3-128, maxpool, conv3-256, conv3-256, maxpool,
                 conv3-512, conv3-512, maxpool, conv3-512, conv3-512, maxpool,
                 FC-4096, FC-4096, FC-1000, soft-max]
        """
    )
    assert report.totals.params == 132_863_336
    assert report.totals.macs == 7_609_090_048


def test_a_single_word_stands_for_a_list() -> None:
    assert names_of(report_of("input: 9x9x4\nlayers: relu\n")) == ["relu1"]


def test_no_layers_at_all_leave_the_input() -> None:
    report = report_of("input: 9x9x4\nlayers: []\n")
    assert [row.name for row in report.rows] == ["input"]
    assert report.totals.params == 0
    assert report.totals.activations == 324


def test_a_dense_layer_flattens_a_volume_by_itself() -> None:
    with_flatten = report_of("input: 9x9x4\nlayers: [flatten, dense: 10]\n")
    without = report_of("input: 9x9x4\nlayers: [dense: 10]\n")
    assert with_flatten["fc1"].weights == without["fc1"].weights == 3240


def test_words_of_no_layer_are_refused_with_a_suggestion() -> None:
    problems = problems_of(
        """
        input: 9x9x4
        layers: [rellu, convv: {filters: 3, kernel: 3}, max_pol, xyzzy]
        """
    )
    assert [problem.code for problem in problems] == ["E112"] * 4
    assert [problem.hint for problem in problems[:3]] == [
        "did you mean 'relu'?",
        "did you mean 'conv'?",
        "did you mean 'maxpool'?",
    ]


@pytest.mark.parametrize(("name", "what"), [("''", "''"), ("", "nothing")])
def test_a_name_is_a_word(name: str, what: str) -> None:
    (problem,) = problems_of(f"input: 9x9x4\nlayers: [relu: {{name: {name}}}]\n")
    assert (problem.code, problem.message) == ("E110", f"a name is a word, not {what}")
