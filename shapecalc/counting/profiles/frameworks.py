"""What PyTorch's own counter, counters made for PyTorch, and Keras count.

Every rule is what the tool of that version does, right or wrong; tests/oracle/test_tools.py runs
the tools themselves beside it.
"""

from __future__ import annotations

from shapecalc.counting.profile import Profile

_CONVOLUTIONS = "conv conv:untied depthwise depthwise:untied separable separable:untied".split()
_TRANSPOSED = "transposed transposed:untied transposed:grouped".split()
_WEIGHTED = [*_CONVOLUTIONS, *_TRANSPOSED, "dense"]
_TIED = [word for word in _WEIGHTED if not word.endswith(":untied")]
_AVERAGES = ("avgpool", "global_avgpool", "adaptive_avgpool")
_MAXIMA = ("maxpool", "global_maxpool", "adaptive_maxpool")


def _each(words: list[str] | tuple[str, ...] | str, rule: str) -> dict[str, str]:
    return dict.fromkeys(words.split() if isinstance(words, str) else words, rule)


TORCH = (
    Profile(
        "torchinfo",
        "mult-adds: every weight and bias of a convolution at every output position, of other"
        " layers once",
        _each([*_CONVOLUTIONS, "dense"], "macs + bias_adds")
        | _each(_TRANSPOSED, "weights_by_outputs + bias_adds")
        | _each("batchnorm layernorm groupnorm instancenorm prelu", "weights + biases"),
        "transposed convolutions count by their output; layers without parameters have no rule",
        "torchinfo 1.8.0",
    ),
    Profile(
        "fvcore",
        "flops, which are multiply-accumulates, 1 each, and rough costs of some other layers",
        _each(_WEIGHTED, "macs")
        | {
            "batchnorm": "outputs + scaled",
            **_each("layernorm groupnorm instancenorm", "4*outputs + scaled"),
            **_each("global_avgpool/2 adaptive_avgpool/2", "inputs"),
            "upsample/2": "nearest + 4*bilinear",
        },
        "bias adds count nothing",
        "fvcore 0.1.5.post20221221",
    ),
    Profile(
        "thop",
        "macs: multiply-accumulates, 1 each, and operations of some other layers",
        _each(_CONVOLUTIONS, "macs")
        | _each(_TRANSPOSED, "weights_by_outputs")
        | {
            "dense": "macs",
            **_each("batchnorm layernorm instancenorm", "2*outputs + 2*scaled"),
            "avgpool": "outputs",
            **_each("global_avgpool adaptive_avgpool", "inputs + outputs"),
            "softmax": "3*outputs - sets",
            "prelu": "outputs",
            "upsample/1": "nearest + 5*bilinear",
            "upsample/2": "nearest + 11*bilinear",
            **_each("relu relu6 leaky_relu dropout", "0"),
            **_each(_MAXIMA, "0"),
        },
        "bias adds count nothing; transposed convolutions count by their output",
        "thop 0.1.1.post2209072238",
    ),
    Profile(
        "ptflops:aten",
        "macs: multiply-accumulates and bias adds, 1 each",
        _each(_TIED, "macs + bias_adds") | {"conv:untied": "macs"},
        "",
        "ptflops 0.7.5, backend aten",
    ),
    Profile(
        "ptflops:pytorch",
        "macs: multiply-accumulates, bias adds and elements of other layers; those that are"
        " modules and functions count twice",
        _each(_TIED, "macs + bias_adds")
        | {
            "conv:untied": "macs",
            **_each("batchnorm groupnorm instancenorm", "outputs + scaled"),
            "layernorm": "outputs",
            **_each("relu prelu elu gelu", "2*outputs"),
            **_each("relu6 leaky_relu silu softmax", "outputs"),
            **_each((*_AVERAGES, *_MAXIMA), "2*framed_inputs"),
            "upsample": "2*outputs",
            "lrn": "4*outputs + rim",
        },
        "",
        "ptflops 0.7.5, backend pytorch",
    ),
    Profile(
        "torch-flop-counter",
        "multiply-accumulates, 2 operations each",
        _each(_WEIGHTED, "2*macs"),
        "bias adds count nothing",
        "torch 2.13.0, torch.utils.flop_counter.FlopCounterMode",
    ),
    Profile(
        "calflops",
        "MACs: multiply-accumulates, 1 each",
        _each([*_CONVOLUTIONS, "transposed", "dense"], "macs")
        | {"transposed:grouped": "macs_grouped_twice"},
        "bias adds count nothing",
        "calflops 0.3.2",
    ),
    Profile(
        "calflops:flops",
        "FLOPs: 2 per multiply-accumulate, 1 per bias add of a convolution, and elements of"
        " other layers",
        _each("conv depthwise separable", "2*macs + bias_adds")
        | {
            "conv:untied": "2*macs",
            "transposed": "2*macs + bias_adds_as_if_convolved",
            "transposed:grouped": "2*macs_grouped_twice + bias_adds_as_if_convolved",
            "dense": "2*macs",
            "batchnorm": "outputs + scaled",
            **_each("layernorm groupnorm instancenorm", "4*outputs + scaled"),
            **_each("relu prelu elu leaky_relu silu gelu softmax", "outputs"),
            **_each((*_AVERAGES, *_MAXIMA), "framed_inputs"),
            "upsample": "inputs",
            "lrn": "4*outputs + rim",
        },
        "bias adds of dense layers count nothing",
        "calflops 0.3.2",
    ),
    Profile(
        "torchscan",
        "MACs: multiply-accumulates, 1 each, and steps of pools and batch normalisation",
        _each([*_CONVOLUTIONS, "dense"], "macs")
        | _each(_TRANSPOSED, "weights_by_outputs + 4*sides")
        | {
            "batchnorm": "outputs + scaled",
            "maxpool": "side_taps - outputs",
            "avgpool": "side_taps - outputs + outputs_by_sides",
            **_each("global_maxpool adaptive_maxpool", "rough_windows - outputs"),
            **_each(
                "global_avgpool adaptive_avgpool", "rough_windows - outputs + outputs_by_sides"
            ),
            **_each("relu elu leaky_relu relu6 tanh sigmoid dropout", "0"),
        },
        "bias adds are part of the accumulation; a square pool counts its extent, not its square",
        "torchscan 0.2.0",
    ),
)

KERAS = Profile(
    "keras",
    "Total params: trained weights + biases, and running statistics",
    _each([*_TIED, "conv:untied"], "stored_weights + stored_biases")
    | _each(
        "batchnorm layernorm groupnorm instancenorm prelu",
        "stored_weights + stored_biases + stored_buffers",
    ),
    "parameters, not operations",
    "Keras 3.15.1, count_params()",
    of="parameters",
)
