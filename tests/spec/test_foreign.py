"""What is written as in other tools is refused with the way to write it here, or remarked."""

from __future__ import annotations

import re

import pytest

from shapecalc.spec.language import all_layers
from shapecalc.text.foreign import ELSEWHERE, FOREIGN, LAYERS_ELSEWHERE, bare
from tests.spec.support import codes_of, output_of, problems_of, report_of

#: A layer as written, and what the hint says.
WRITTEN = [
    ("conv: {filters: 3, kernel: (3, 3)}", "a comma ends the entry: write kernel: [3, 3]"),
    (
        "conv: {filters: max(channels//4, 8), kernel: 1}",
        'a comma ends the entry: write filters: "max(channels//4, 8)"',
    ),
    (
        "conv: {kernel: 1, filters: min(4, 5, 6)}",
        'a comma ends the entry: write filters: "min(4, 5, 6)"',
    ),
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


#: A layer of another tool -> ours.
MEANT = {
    "slice": "strided_slice tf.strided_slice Gather index_select torch.unbind unstack torch.narrow",
    "scale": "LayerScale layer_scale gamma",
    "bias": "beta AddBias",
    "mean": "reduce_mean tf.reduce_mean ReduceMean torch.mean",
    "sum": "reduce_sum tf.math.reduce_sum",
    "max": "reduce_max torch.amax",
    "l2norm": "F.normalize tf.nn.l2_normalize L2Normalization LpNormalization UnitNormalization",
    "token": "cls_token CLSToken class_token register_tokens dist_token",
    "embedding": "token_embedding word_embedding nn.EmbeddingBag lookup_table",
    "position_embedding": "pos_embed PositionalEncoding positional_embedding",
    "attention": (
        "nn.MultiheadAttention MultiHeadDotProductAttention keras.layers.GroupQueryAttention mqa gqa"
        " CrossAttention self_attention WindowAttention ShiftedWindowAttention flash_attention sdpa"
    ),
    "causal_mask": "triu attention_mask",
    "relative_position": "RelativePositionBias rel_pos",
    "upsample": (
        "interpolate F.interpolate nn.Upsample Resize resize_bilinear UpsamplingBilinear2d"
        " repeat_interleave"
    ),
    "lstm": "nn.LSTM CuDNNLSTM LSTMCell BiLSTM",
    "gru": "nn.GRU CuDNNGRU GRUCell",
    "rnn": "SimpleRNN nn.RNN",
    "stochastic_depth": "DropPath drop_path drop_connect timm.layers.DropPath",
    "matmul": "einsum torch.einsum tensordot bmm torch.bmm BatchMatMul",
    "permute": "Transpose torch.transpose swapaxes movedim",
    "reshape": "squeeze unsqueeze expand_dims tensor.view",
    "pixel_unshuffle": "space_to_depth reorg PatchMerging",
    "dense": "InnerProduct Gemm DenseGeneral connected",
    "add": "Eltwise shortcut SkipConnection",
    "concat": "route Concatenate",
    "subtract": "Sub",
    "divide": "Div reciprocal",
    "power": "Pow rsqrt square",
    "clip": "clamp torch.clamp",
    "dropout": "SpatialDropout2D DropBlock",
    "pad": "ReflectionPad2d ZeroPad2d",
}


@pytest.mark.parametrize(
    ("word", "meant"), [(word, meant) for meant in MEANT for word in MEANT[meant].split()]
)
def test_a_layer_of_another_tool_is_answered_with_ours(word: str, meant: str) -> None:
    for written in (word, f"{word}: {{from: input}}"):
        (problem,) = problems_of(f"input: 32x32x3\nlayers:\n  - {written}\n")
        assert (problem.code, problem.hint) == ("E112", f"did you mean '{meant}'?")


#: A layer of another tool that is none here -> what the hint says.
NO_LAYER = {
    "leave it out": "rope RotaryEmbedding rotary_embedding alibi SinusoidalPositionalEmbedding",
    "`conv: {filters: 768, kernel: 16, stride: 16}`": "PatchEmbed patch_embedding",
    "global_avgpool, conv1-8": "SqueezeExcite SEBlock se",
    "{units: 3072, over: channels}": "MLP ffn FeedForward",
    "attention: 12": "TransformerEncoderLayer transformer_block",
    "works at every position": "TimeDistributed",
    "`bidirectional: true`": "Bidirectional",
    "one after the other": "nn.Sequential Lambda",
    "multiply: 0.17": "Constant",
    "part of the weights": "SpectralNorm",
    "the language has none": "argmax topk torch.round ceil",
    "stretches by itself": "tensor.expand expand_as broadcast_to",
}


@pytest.mark.parametrize(
    ("word", "hint"), [(word, hint) for hint in NO_LAYER for word in NO_LAYER[hint].split()]
)
def test_what_no_single_layer_is_has_an_advice(word: str, hint: str) -> None:
    (problem,) = problems_of(f"input: 32x32x3\nlayers:\n  - {word}\n")
    assert problem.code == "E112"
    assert hint in problem.hint


@pytest.mark.parametrize("advice", sorted(set(LAYERS_ELSEWHERE.values())))
def test_what_the_advice_says_is_of_the_language(advice: str) -> None:
    for example in re.findall("`([^`]*)`", advice):
        word, _, value = example.partition(": ")
        if word == "input":
            text = f"{example}\nlayers: [relu]\n"
        elif word == "bidirectional":
            text = f"input: 8x64\nlayers:\n- lstm: {{units: 3, {example}}}\n"
        elif example.startswith("dense"):
            text = f"input: 8x64\nlayers: [{example}]\n"
        elif word == "parameter":
            text = f"input: 8x64\nlayers: [side: {{table: [{example}]}}, relu]\n"
        elif "attention" in example:
            text = f"input: 8x768\nlayers: [{example}]\n"
        else:
            text = f"input: 32x32x64\nlayers: [{example}]\n"
        assert report_of(text).rows, value


def test_a_block_of_nearly_that_name_goes_before_an_advice() -> None:
    text = "input: 9x9x3\nblocks: {bottleneck1: {layers: [relu]}}\nlayers: [bottleneck]\n"
    (problem,) = problems_of(text)
    assert problem.hint == "did you mean 'bottleneck1'?"
    blocks = text.replace("bottleneck1", "rope").replace("[bottleneck]", "[rope]")
    assert report_of(blocks).rows[-1].name == "rope1/relu1"  # a block of a tool's word is a block


#: A field of another tool -> ours.
FIELDS = [
    ("attention: {num_heads: 2}", "did you mean 'heads'?"),
    ("attention: {heads: 1, head_dim: 2}", "did you mean 'key'?"),
    ("attention: {heads: 1, num_kv_heads: 1}", "did you mean 'groups'?"),
    ("attention: {heads: 1, qkv_bias: true}", "did you mean 'bias'?"),
    ("attention: {heads: 1, use_causal_mask: true}", "did you mean 'causal'?"),
    ("attention: {heads: 1, embed_dim: 2}", "leave it out: what flows in"),
    ("attention: {heads: 1, attn_drop: 0.1}", "leave it out: it changes no size"),
    ("attention: {heads: 1, batch_first: true}", "leave it out: it changes no size"),
    ("lstm: {hidden_size: 2}", "did you mean 'units'?"),
    ("lstm: {units: 2, num_layers: 2}", "did you mean 'layers'?"),
    ("lstm: {units: 2, return_sequences: true}", "did you mean 'returns'?"),
    ("lstm: {units: 2, recurrent_dropout: 0.1}", "leave it out: it changes no size"),
    ("mean: {axis: 1}", "did you mean 'over'?"),
    ("mean: {dim: 1}", "did you mean 'over'?"),
    ("mean: {over: height, keepdims: true}", "did you mean 'keep'?"),
    ("upsample: {scale_factor: 2}", "did you mean 'factor'?"),
    ("upsample: {factor: 2, align_corners: true}", "did you mean 'align'?"),
    ("layernorm: {elementwise_affine: false}", "did you mean 'scale'?"),
    ("stochastic_depth: {drop_prob: 0.1}", "did you mean 'rate'?"),
]


@pytest.mark.parametrize(("layer", "hint"), FIELDS)
def test_a_field_of_another_tool_is_answered_with_ours(layer: str, hint: str) -> None:
    shape = "8x4" if layer.startswith(("attention", "lstm")) else "32x32x4"
    problems = problems_of(f"input: {shape}\nlayers:\n  - {layer}\n")
    assert any(hint in problem.hint for problem in problems), problems


def test_every_word_is_answered_with_one_of_the_language() -> None:
    """Broken by an answer that is misspelt, or by a key that is not spelt barely."""
    known = {word for kind in all_layers() for word in (kind.type, *(f.name for f in kind.fields))}
    others = {"trainable", "params", "channels", "width", "height", "length", "depth", "causal"}
    for table in (FOREIGN, ELSEWHERE, LAYERS_ELSEWHERE):
        assert [*table] == [bare(word) for word in table]
    for word, answers in FOREIGN.items():
        assert set(answers) <= known | others, word
    assert not FOREIGN.keys() & LAYERS_ELSEWHERE.keys()


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
