"""What is written as in other tools is refused with the way to write it here, or remarked."""

from __future__ import annotations

import pytest

from tests.spec.support import codes_of, output_of, problems_of, report_of

#: A layer as written, and what the hint says.
WRITTEN = [
    ("conv: {filters: 3, kernel: (3, 3)}", "a comma ends the entry: write kernel: [3, 3]"),
    ("conv: {filters: 3, kernel: 3, stride: (2, 1), pad: 1}", "write stride: [2, 1]"),
    ("conv: {filters: 3, kernel: 3, pad: (1, 1)}", "write pad: [1, 1]"),
    ("maxpool: {kernel: (2,2)}", "write kernel: [2, 2]"),
    ("conv: {filters: 3, kernel: '(3, 3)'}", "write [3, 3]"),
    ("conv: {filters: 3, kernel: 3, pad: [1, 1, 1, 1]}", "[[top, bottom], [left, right]]"),
    ("nn.Conv2d", "did you mean 'conv'?"),
    ("torch.nn.BatchNorm2d", "did you mean 'batchnorm'?"),
    ("nn.ReLU()", "did you mean 'relu'?"),
    ("keras.layers.MaxPooling2D: {kernel: 2}", "did you mean 'maxpool'?"),
    ("tf.keras.layers.GlobalAveragePooling2D", "did you mean 'global_avgpool'?"),
    ("nn.Linear", "did you mean 'linear'?"),
    ("conv: {filters: 3, kernel: 3, in_channels: 3}", "leave it out: what flows in"),
    ("batchnorm: {num_features: 64}", "leave it out: what flows in"),
    ("dense: {units: 3, in_features: 64}", "leave it out: what flows in"),
    ("conv: {filters: 3, kernel: 3, input_shape: 3}", "the input stands at the top"),
    ("conv: {filters: 3, kernel: 3, activation: relu}", "`- relu` on the next line"),
    ("conv: {filters: 3, kernel: 3, activation: softmax}", "`- softmax` on the next line"),
    ("conv: {filters: 3, kernel: 3, activation: linear}", "leave it out"),
    ("conv: {filters: 3, kernel: 3, padding_mode: zeros}", "leave it out"),
    ("conv: {filters: 3, kernel: 3, data_format: NCHW}", "`layout: chw`"),
    ("conv: {filters: 3, kernel_h: 3, kernel_w: 5}", "`kernel: 3x5`"),
    ("maxpool: {ceil_mode: true}", "`rounding: ceil`"),
    ("conv: {filters: 3, kernel: 3, batch_normalize: 1}", "`- batchnorm`"),
    ("torch.narrow: [0, 2]", "did you mean 'slice'?"),
    ("chunk: 2", "did you mean 'slice'?"),
    ("depth_to_space: 2", "did you mean 'pixel_shuffle'?"),
    ("space_to_depth: 2", "did you mean 'pixel_unshuffle'?"),
    ("F.interpolate: 2", "did you mean 'upsample'?"),
    ("keras.layers.ZeroPadding2D: 2", "did you mean 'pad'?"),
    ("keras.layers.Cropping2D: 2", "did you mean 'crop'?"),
    ("conv: {num_output: 3, kernel: 3}", "did you mean 'filters'?"),
]


@pytest.mark.parametrize(("layer", "hint"), WRITTEN)
def test_the_hint_says_how_to_write_it(layer: str, hint: str) -> None:
    problems = problems_of(f"input: 32x32x3\nlayers:\n  - {layer}\n")
    assert any(hint in problem.hint for problem in problems), problems


BLOCKS = """
input: 32x32x3
blocks:
  unit: {fields: [f, {k: 3}], layers: [conv: {filters: f, kernel: k, pad: same}]}
  plain: {layers: [relu]}
layers:
  - conv3-8: {name: d4}
  - """
#: What belongs to a layer stands beside it -> the layer as it is written.
BESIDE = [
    ("{from: d4, crop: 4}", "crop: {from: d4, crop: 4}"),
    ("{crop: 4, from: d4}", "crop: {crop: 4, from: d4}"),
    ("{from: d4, crop: [[1, 2], [3, 4]]}", "crop: {from: d4, crop: [...]}"),
    ("{from: d4, crop: {to: 28}}", "crop: {from: d4, to: 28}"),
    ("{name: x, from: d4, slice: {channels: [0, 2]}}",
     "slice: {name: x, from: d4, channels: [0, 2]}"),
    ("{conv: 64, kernel: 3}", "conv: {filters: 64, kernel: 3}"),
    ("{dense: 10, bias: false}", "dense: {units: 10, bias: false}"),
    ("{from: d4, conv3-8: {bias: false}}", "conv3-8: {from: d4, bias: false}"),
    ("{from: d4, relu: }", "relu: {from: d4}"),
    ("{unit: 4, k: 5}", "unit: {f: 4, k: 5}"),
    ("{from: d4, plain: }", "plain: {from: d4}"),
    ("{if: channels == 8, conv3-8: }", "conv3-8: {if: channels == 8}"),
    ("{from: [d4, d4], concat: }", "concat: {from: [d4, d4]}"),
    ("{add: [[relu], []], name: x}", "add: {branches: [...], name: x}"),
    ("{repeat: 3, layers: [relu]}", "repeat: {times: 3, layers: [relu]}"),
    ("{from: d4, attention: 4}", "attention: {from: d4, heads: 4}"),
    ("{from: d4, max: height}", "max: {from: d4, over: height}"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), BESIDE)
def test_what_stands_beside_a_layer_is_written_into_it(written: str, meant: str) -> None:
    (problem,) = problems_of(BLOCKS + written + "\n")
    assert (problem.code, problem.hint) == ("E110", f"write {meant}")
    if "..." not in meant:
        assert report_of(f"{BLOCKS}{meant}\n").rows  # what is advised is a layer of the language


@pytest.mark.parametrize(("written", "hint"), [
    ("{from: d4, name: x}", "say which layer has these: conv: {from: d4, name: x, ...}"),
    ("{relu: , from: d4}", "indent it below 'relu:', or write relu: {from: ...}"),
    ("{relu: , tanh: }", "begin another layer with '- tanh'"),
])  # fmt: skip
def test_other_maps_of_several_keys(written: str, hint: str) -> None:
    (problem,) = problems_of(BLOCKS + written + "\n")
    assert problem.hint == hint


def test_two_pads_on_one_side_are_a_pair() -> None:
    text = "input: 100x3\nlayers: [conv: {filters: 4, kernel: 9, pad: PAD}]\n"
    (problem,) = problems_of(text.replace("PAD", "[8, 0]"))
    assert problem.code == "E202"
    assert problem.hint == "write [[8, 0]] for 8 before and 0 after"
    assert output_of(report_of(text.replace("PAD", "[[8, 0]]")), "conv1") == "100x4"


@pytest.mark.parametrize("kernel", ["3x5", "3 x 5", "3X5", "3×5", "[3, 5]"])
def test_sizes_may_be_written_as_shapes_are(kernel: str) -> None:
    report = report_of(f"input: 9x9x1\nlayers: [conv: {{filters: 4, kernel: {kernel}}}]\n")
    assert output_of(report, "conv1") == "7x5x4"


@pytest.mark.parametrize("kernel", ["3 3", "3xx5", "x3", "3x", "3 x"])
def test_sizes_that_are_none(kernel: str) -> None:
    text = f"input: 9x9x1\nlayers: [conv: {{filters: 4, kernel: '{kernel}'}}]\n"
    assert len(codes_of(text)) == 1


def test_a_product_in_place_of_two_sizes_is_remarked_once() -> None:
    report = report_of(
        "input: 32x32x3\nlayers: [repeat: {times: 3, layers: [conv: {filters: 4, kernel: 3*3}]}]\n"
    )
    assert report["conv1"].weights == 4 * 3 * 9 * 9
    assert report.remarks == (
        "conv1: kernel 3*3 is read as 9 on every side. Was 3x3 meant? If not, 9 says so plainly.",
    )
    quiet = report_of("input: 32x32x3\nlet: {k: 3}\nlayers: [conv: {filters: 3*4, kernel: 2*k}]\n")
    assert quiet.remarks == ()
