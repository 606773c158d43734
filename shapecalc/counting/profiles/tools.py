"""What tools count: PyTorch's own counter, those made for PyTorch, readers of graphs, and Keras.

Every rule is what the tool of that version does, right or wrong; tests/oracle/test_tools.py runs
the tools themselves beside it.
"""

from __future__ import annotations

from shapecalc.counting.profile import Profile, Surprise
from shapecalc.counting.profiles.kinds import (
    AVERAGES,
    CONVOLUTIONS,
    MAXIMA,
    RECURRENT,
    TIED,
    TRANSPOSED,
    UNKNOWN,
    WEIGHTED,
    for_all,
)

_ALL_ELSE = (
    f"{UNKNOWN}, max pools, average pools, batch normalisation, normalisation,"
    " response normalisation, activations, softmax, upsampling, joins"
)

TORCH = (
    Profile(
        "torchinfo",
        "mult-adds: every weight and bias of a convolution at every output position, of other"
        " layers once",
        for_all([*CONVOLUTIONS, *RECURRENT, "dense"], "macs + bias_adds")
        | for_all(TRANSPOSED, "weights_by_outputs + bias_adds")
        | for_all("batchnorm layernorm groupnorm instancenorm rmsnorm prelu", "weights + biases")
        | {"dense:positions": "weights + biases", "embedding": "weights"},
        "transposed convolutions count by their output; layers without parameters have no rule",
        "torchinfo 1.8.0",
        without=UNKNOWN
        + ", max pools, average pools, response normalisation, activations, softmax, upsampling,"
        " joins, matmul",
    ),
    Profile(
        "fvcore",
        "flops, which are multiply-accumulates, 1 each, and rough costs of some other layers",
        for_all([*WEIGHTED, "matmul"], "macs")
        | {
            "batchnorm": "outputs + scaled",
            **for_all("layernorm groupnorm instancenorm", "4*outputs + scaled"),
            **for_all("global_avgpool/2 adaptive_avgpool/2", "inputs"),
            "upsample/2": "nearest + 4*bilinear",
        },
        "bias adds count nothing",
        "fvcore 0.1.5.post20221221",
        without=UNKNOWN
        + ", max pools, avgpool, rmsnorm, response normalisation, activations, softmax, joins",
        also=("mmengine 0.10.7, get_model_complexity_info",),
    ),
    Profile(
        "thop",
        "macs: multiply-accumulates, 1 each, and operations of some other layers",
        for_all(CONVOLUTIONS, "macs")
        | for_all(TRANSPOSED, "weights_by_outputs")
        | {
            **for_all("dense dense:positions", "macs"),
            **for_all("batchnorm layernorm instancenorm", "2*outputs + 2*scaled"),
            "avgpool": "outputs",
            **for_all("global_avgpool adaptive_avgpool", "mean_windows"),
            "softmax": "3*outputs - sets",
            "prelu": "outputs",
            "upsample/1": "nearest + 5*bilinear",
            "upsample/2": "nearest + 11*bilinear",
            "lstm": "macs + bias_adds + 2*adds",
            "gru": "macs + bias_adds + adds + divisions",
            "rnn": "macs + bias_adds + exponentials",
            **for_all("relu relu6 leaky_relu dropout", "0"),
            **for_all(MAXIMA, "0"),
        },
        "bias adds count nothing; transposed convolutions count by their output",
        "thop 0.1.1.post2209072238",
        without=UNKNOWN
        + ", response normalisation, groupnorm, rmsnorm, activations, joins, matmul",
    ),
    Profile(
        "ptflops:aten",
        "macs: multiply-accumulates and bias adds, 1 each",
        for_all([*TIED, *RECURRENT], "macs + bias_adds") | for_all("conv:untied matmul", "macs"),
        "",
        "ptflops 0.7.5, backend aten",
        without=_ALL_ELSE,
    ),
    Profile(
        "ptflops:pytorch",
        "macs: multiply-accumulates, bias adds and elements of other layers; those that are"
        " modules and functions count twice",
        for_all(TIED, "macs + bias_adds")
        | {
            **for_all("conv:untied matmul", "macs"),
            **for_all("batchnorm groupnorm instancenorm", "outputs + scaled"),
            "layernorm": "outputs",
            **for_all("relu prelu elu gelu", "2*outputs"),
            **for_all("relu6 leaky_relu silu softmax", "outputs"),
            **for_all((*AVERAGES, *MAXIMA), "2*framed_inputs"),
            "upsample": "2*outputs",
            "lrn": "4*outputs + rim",
            "rnn": "macs + bias_adds + exponentials",
            "lstm": "macs + bias_adds + 2*exponentials",
            "gru": "macs + bias_adds + adds + divisions",
        },
        "",
        "ptflops 0.7.5, backend pytorch",
        without=UNKNOWN + ", rmsnorm, activations, joins",
    ),
    Profile(
        "torch-flop-counter",
        "multiply-accumulates, 2 operations each",
        for_all([*WEIGHTED, *RECURRENT, "matmul"], "2*macs"),
        "bias adds count nothing; as on the meta device: on the CPU it sees no fused LSTM and no"
        " fused attention",
        "torch 2.14.1, torch.utils.flop_counter.FlopCounterMode",
        without=_ALL_ELSE,
        also=("lightning 2.6.6, ModelSummary and measure_flops",),
    ),
    Profile(
        "calflops",
        "MACs: multiply-accumulates, 1 each",
        for_all([*CONVOLUTIONS, "transposed", "dense", "dense:positions", "matmul"], "macs")
        | {"transposed:grouped": "macs_grouped_twice"},
        "bias adds count nothing",
        "calflops 0.3.2",
        without=_ALL_ELSE,
    ),
    Profile(
        "calflops:flops",
        "FLOPs: 2 per multiply-accumulate, 1 per bias add of a convolution, and elements of"
        " other layers",
        for_all("conv depthwise separable", "2*macs + bias_adds")
        | {
            "conv:untied": "2*macs",
            "transposed": "2*macs + bias_adds_as_if_convolved",
            "transposed:grouped": "2*macs_grouped_twice + bias_adds_as_if_convolved",
            **for_all("dense dense:positions matmul", "2*macs"),
            "batchnorm": "outputs + scaled",
            **for_all("layernorm groupnorm instancenorm", "4*outputs + scaled"),
            **for_all("relu prelu elu leaky_relu silu gelu softmax", "outputs"),
            **for_all((*AVERAGES, *MAXIMA), "framed_inputs"),
            "upsample": "inputs",
            "lrn": "4*outputs + rim",
            "rnn": "2*macs + bias_adds - exponentials",
            "lstm": "2*macs + bias_adds + exponentials - multiplies",
            "gru": "2*macs + bias_adds + exponentials - divisions",
        },
        "bias adds of dense layers count nothing",
        "calflops 0.3.2",
        without=UNKNOWN + ", rmsnorm, activations, joins",
    ),
    Profile(
        "deepspeed",
        "FLOPs: 2 per multiply-accumulate, 1 per bias add of a convolution, and elements of"
        " other layers",
        for_all("conv depthwise separable transposed transposed:grouped", "2*macs + bias_adds")
        | {
            "conv:untied": "2*macs",
            **for_all("dense dense:positions matmul", "2*macs"),
            "batchnorm": "outputs + scaled",
            **for_all("layernorm groupnorm instancenorm", "4*outputs + scaled"),
            **for_all("relu prelu elu leaky_relu silu gelu softmax", "outputs"),
            **for_all((*AVERAGES, *MAXIMA), "framed_inputs"),
            "upsample": "outputs",
            "lrn": "4*outputs + rim",
            "rnn": "2*macs + bias_adds - exponentials",
            "lstm": "2*macs + bias_adds + exponentials - multiplies",
            "gru": "2*macs + bias_adds + exponentials - divisions",
        },
        "bias adds of dense layers count nothing; its MACs are those of `macs`",
        "deepspeed 0.19.8, get_model_profile",
        without=UNKNOWN + ", rmsnorm, activations, joins",
        surprise=Surprise(
            "dense: 7", "12", "2 per multiply-accumulate, and the bias adds are left out"
        ),
    ),
    Profile(
        "torchprofile",
        "macs: multiply-accumulates, 1 each, and elements of normalisations and average pools",
        for_all([*CONVOLUTIONS, "dense", "dense:positions", "matmul", "lstm"], "macs")
        | {
            "transposed": "weights_by_outputs",
            "transposed:untied": "weights_by_outputs",
            "transposed:grouped": "weights_by_outputs_ungrouped",
            **for_all("batchnorm layernorm groupnorm instancenorm", "scaled"),
            **for_all(AVERAGES, "outputs"),
            "leaky_relu": "outputs",
            "lrn": "3*outputs",
            **for_all("multiply scale", "multiplies"),
            "upsample/2": "4*bilinear",
        },
        "bias adds count nothing; transposed convolutions count by their output; a product of two"
        " sizes in a model's own code counts 1",
        "torchprofile 0.1.0",
        without="subsampling, blurring, distances to codes, bias, embeddings, reductions, l2norm,"
        " position biases" + ", max pools, rmsnorm, rnn, gru, activations, softmax, joins",
        surprise=Surprise(
            "transposed: {filters: 9, kernel: 3, stride: 2, groups: 3}",
            "12x10x6",
            "its weights at every output position, times the groups",
        ),
    ),
    Profile(
        "ultralytics-thop",
        "macs: multiply-accumulates, 1 each, and operations of some other layers",
        for_all([*CONVOLUTIONS, *TRANSPOSED, "dense", "dense:positions", "matmul"], "macs")
        | {
            **for_all("batchnorm layernorm groupnorm instancenorm rmsnorm", "2*outputs + 2*scaled"),
            **for_all(AVERAGES, "adds + outputs"),
            "softmax": "3*outputs - sets",
            "prelu": "outputs",
            "upsample/1": "5*bilinear",
            "upsample/2": "11*bilinear",
            "lstm": "macs + bias_adds + 2*adds",
            "gru": "macs + bias_adds + adds + divisions",
            "rnn": "macs + bias_adds + exponentials",
            **for_all("relu relu6 leaky_relu dropout", "0"),
            **for_all(MAXIMA, "0"),
        },
        "bias adds count nothing; its module is called thop, as that of the package thop is",
        "ultralytics-thop 2.2.3",
        without=UNKNOWN + ", response normalisation, activations, joins",
        surprise=Surprise(
            "avgpool: {kernel: 3, stride: 2}",
            "8x8x8",
            "9 additions and 1 division per output; the package thop counts the 72 outputs alone",
        ),
    ),
    Profile(
        "torchscan",
        "MACs: multiply-accumulates, 1 each, and steps of pools and batch normalisation",
        for_all([*CONVOLUTIONS, "dense", "dense:positions"], "macs")
        | for_all(TRANSPOSED, "weights_by_outputs + 4*sides")
        | {
            "batchnorm": "outputs + scaled",
            "maxpool": "side_taps - outputs",
            "avgpool": "side_taps - outputs + outputs_by_sides",
            **for_all("global_maxpool adaptive_maxpool", "rough_windows - outputs"),
            **for_all(
                "global_avgpool adaptive_avgpool", "rough_windows - outputs + outputs_by_sides"
            ),
            **for_all("relu elu leaky_relu relu6 tanh sigmoid dropout", "0"),
        },
        "bias adds are part of the accumulation; a square pool counts its extent, not its square",
        "torchscan 0.2.0",
        without=UNKNOWN
        + ", response normalisation, normalisation, activations, softmax, upsampling, joins,"
        " matmul",
    ),
)

GRAPHS = (
    Profile(
        "onnx-tool",
        "MACs: x86 instructions: 1 per multiply-accumulate, addition and comparison, 4 per"
        " division, 24 per root, 32 per exponential",
        for_all("conv depthwise separable dense dense:positions conv:untied", "macs + bias_adds")
        | for_all("transposed transposed:grouped", "kernels_of_filters + bias_adds")
        | {
            "batchnorm": "31*outputs",
            "instancenorm": "7*outputs",
            **for_all("maxpool/1 maxpool/2", "compares"),
            **for_all("avgpool/1 avgpool/2", "adds"),
            "global_avgpool": "inputs + 4*outputs",
            "adaptive_avgpool": "whole_windows",
            "relu": "outputs",
            "leaky_relu": "2*outputs",
            "prelu": "2*outputs",
            "elu": "35*outputs",
            "sigmoid": "32*outputs",
            "hard_sigmoid": "4*outputs",
            "hard_swish": "5*outputs",
            "tanh": "76*outputs",
            "softplus": "76*outputs",
            "softmax": "36*outputs",
            "lrn": "37*outputs + neighbours",
            "add": "adds",
            "multiply": "multiplies",
            "upsample": "4*bilinear",
            "matmul": "macs",
        },
        "transposed convolutions count by their output, with filters for channels; PyTorch's"
        " exporters fold batch norms, as --fold-batchnorm does, and the newer one's files lose the"
        " biases of these and 4 per channel of a global average pool",
        "onnx-tool 1.0.1",
        without=UNKNOWN + ", max pools, normalisation, activations, joins",
    ),
    Profile(
        "convnet-burden",
        "flops: fused multiply-adds and bias adds, 1 each, 2 per rectified element, 2 per pooled"
        " element",
        for_all("conv depthwise separable dense transposed", "macs + bias_adds")
        | {
            "relu": "2*outputs",
            **for_all("maxpool avgpool global_maxpool global_avgpool", "2*pooled_by_stride"),
            "add": "outputs",
            "lrn": "3*outputs + 2*positions",
            **for_all("batchnorm softmax dropout", "0"),
        },
        "batch normalisation counts as merged, exponentials count nothing",
        "convnet-burden, core/burden.m at commit 42f03d3",
        without=UNKNOWN
        + ", max pools, average pools, normalisation, activations, upsampling, joins, matmul",
    ),
)

KERAS = Profile(
    "keras",
    "Total params: trained weights + biases, and running statistics",
    for_all(
        [
            *TIED,
            *RECURRENT,
            "conv:untied",
            *"scale bias position_embedding token parameter embedding".split(),
        ],
        "stored_weights + stored_biases",
    )
    | for_all(
        "batchnorm layernorm groupnorm instancenorm rmsnorm prelu",
        "stored_weights + stored_biases + stored_buffers",
    ),
    "parameters, not operations",
    "Keras 3.15.1, count_params()",
    of="parameters",
    without="subsampling, position biases",
)
