"""What tools count that read graphs: onnx-tool, and convnet-burden for MatConvNet."""

from __future__ import annotations

from shapecalc.counting.profile import Profile


def _each(words: str, rule: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), rule)


GRAPHS = (
    Profile(
        "onnx-tool",
        "MACs: x86 instructions: 1 per multiply-accumulate, addition and comparison, 4 per"
        " division, 24 per root, 32 per exponential",
        _each("conv depthwise separable dense conv:untied", "macs + bias_adds")
        | _each("transposed transposed:grouped", "kernels_of_filters + bias_adds")
        | {
            "batchnorm": "31*outputs",
            "instancenorm": "7*outputs",
            **_each("maxpool/1 maxpool/2", "compares"),
            **_each("avgpool/1 avgpool/2", "adds"),
            "global_avgpool": "inputs + 4*outputs",
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
        },
        "transposed convolutions count by their output, with filters for channels",
        "onnx-tool 1.0.1",
    ),
    Profile(
        "convnet-burden",
        "flops: fused multiply-adds and bias adds, 1 each, 2 per rectified element, 2 per pooled"
        " element",
        _each("conv depthwise separable dense transposed", "macs + bias_adds")
        | {
            "relu": "2*outputs",
            **_each("maxpool avgpool global_maxpool global_avgpool", "2*pooled_by_stride"),
            "add": "outputs",
            "lrn": "3*outputs + 2*positions",
            **_each("batchnorm softmax dropout", "0"),
        },
        "batch normalisation counts as merged, exponentials count nothing",
        "convnet-burden, core/burden.m at commit 42f03d3",
    ),
)
