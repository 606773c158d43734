"""What frameworks count themselves, of a graph or a program: TensorFlow, XLA under JAX, Paddle.

Every rule is what the framework of that version does, right or wrong; tests/oracle/test_tools.py
runs them beside it.
"""

from __future__ import annotations

from shapecalc.counting.profile import Profile, Surprise
from shapecalc.counting.profiles.kinds import (
    CONVOLUTIONS,
    TRANSPOSED,
    UNKNOWN,
    for_all,
)

FRAMEWORKS = (
    Profile(
        "tensorflow",
        "float operations: 2 per multiply-accumulate, 1 per bias add, the kernel of a pool for"
        " every output, and elements of other operations",
        {
            **for_all("conv conv:untied", "2*macs_ungrouped + 2*macs_filled + bias_adds"),
            **for_all(
                "depthwise/1 depthwise/2 separable/1 separable/2",
                "2*macs + 2*macs_filled + bias_adds",
            ),
            **for_all("depthwise/3 separable/3", "0"),
            **for_all("transposed/1 transposed/2", "products_by_strides + bias_adds"),
            "transposed/3": "bias_adds",
            **for_all("dense dense:positions", "2*macs + bias_adds"),
            "matmul": "2*macs",
            **for_all("maxpool/1 maxpool/2", "compares"),
            **for_all("avgpool/1 avgpool/2", "adds"),
            **for_all("maxpool/3 avgpool/3 global_maxpool max", "0"),
            **for_all("global_avgpool mean", "inputs"),
            "sum": "inputs - outputs",
            "batchnorm": "2*outputs + 5*channels + weights",
            "layernorm": "6*outputs + 3*scaled + 5*exponentials - scaled_roots",
            **for_all(
                "groupnorm instancenorm", "6*outputs + 3*weights + 5*exponentials - scaled_roots"
            ),
            "rmsnorm": "4*outputs + 3*exponentials",
            "l2norm": "3*outputs + 2*exponentials",
            "softmax": "5*outputs",
            **for_all("lrn relu relu6 leaky_relu elu sigmoid tanh softplus abs exp", "0"),
            **for_all("sqrt dropout maxout", "0"),
            **for_all("mish negative log power glu", "outputs"),
            **for_all("silu hard_sigmoid clip hardtanh", "2*outputs"),
            **for_all("hard_swish swiglu", "3*outputs"),
            "prelu": "3*outputs + weights",
            "gelu": "4*outputs",
            "geglu": "5*outputs",
            **for_all("add subtract position_embedding", "adds"),
            **for_all("multiply scale", "multiplies"),
            **for_all("maximum minimum", "compares"),
            "divide": "divisions",
            "bias": "bias_adds",
            "embedding": "2*inputs",
            "blurpool": "multiplies + adds",
            "upsample/2": "nearest_sides",
        },
        "of the graph of a function with Keras' layers; products of grouped convolutions and all of"
        " volumes' pools count nothing; in a frozen graph nothing behind a grouped convolution"
        " does",
        "tensorflow-cpu 2.21.0, tf.compat.v1.profiler, float_operation()",
        without="adaptive_avgpool, adaptive_maxpool, subsampling, distances to codes, rnn, lstm,"
        " gru, position biases",
        surprise=Surprise(
            "conv: {filters: 8, kernel: 3, groups: 2}",
            "12x10x6",
            "its biases alone, as Keras runs groups in a function of its own, which is not looked"
            " into",
        ),
    ),
    Profile(
        "xla",
        "flops: 2 per multiply-accumulate that meets no padding, 1 per bias add and per element of"
        " an elementary operation",
        for_all([*CONVOLUTIONS, *TRANSPOSED], "2*macs_inside + bias_adds")
        | {
            **for_all("dense dense:positions", "2*macs + bias_adds"),
            "matmul": "2*macs",
            "maxpool": "compares - outputs",
            "avgpool": "adds",
            **for_all("global_avgpool mean", "inputs"),
            **for_all("global_maxpool max sum", "inputs - outputs"),
            "batchnorm": "2*outputs + shifted + channels + weights",
            "layernorm": "5*outputs + scaled + shifted + 4*exponentials",
            **for_all(
                "groupnorm instancenorm",
                "5*outputs + shifted + 3*exponentials + channels + weights",
            ),
            "rmsnorm": "4*outputs + exponentials",
            "softmax": "4*outputs - sets",
            **for_all("tanh exp log sqrt dropout", "0"),
            **for_all("relu abs negative", "outputs"),
            "relu6": "2*outputs",
            **for_all("leaky_relu prelu sigmoid", "3*outputs"),
            **for_all("elu silu hard_sigmoid glu", "4*outputs"),
            **for_all("hard_swish swiglu", "5*outputs"),
            "softplus": "6*outputs",
            "mish": "7*outputs",
            "gelu": "66*outputs",
            **for_all("add subtract", "adds"),
            **for_all("multiply scale", "multiplies"),
            **for_all("maximum minimum", "compares"),
            "divide": "divisions",
            "bias": "bias_adds",
        },
        "before XLA optimises, after which it depends on what is fused; exponentials, roots and"
        " tanh are transcendentals and no flops; XLA adds in float32, so that beyond 16,777,216 it"
        " may print a little more or less",
        "jax 0.10.2, jit(f).lower(x).cost_analysis()",
        without="adaptive_avgpool, adaptive_maxpool, subsampling, blurring, distances to codes,"
        " l2norm, position biases, response normalisation, upsampling, rnn, lstm, gru, power,"
        " geglu, maxout, embeddings, clip, hardtanh",
        also=("flax 0.12.8, tabulate",),
        surprise=Surprise(
            "conv: {filters: 8, kernel: 3, pad: 1}",
            "8x8x3",
            "of 24 x 24 products of a position and a tap 22 x 22 meet no padding, 2 operations each"
            " for 3 channels and 8 filters, and there are 512 biases",
        ),
    ),
    Profile(
        "paddle",
        "FLOPs, which are multiply-accumulates and bias adds of convolutions, 1 each, and elements"
        " of some other layers",
        for_all(CONVOLUTIONS, "macs + bias_adds")
        | for_all(TRANSPOSED, "weights_by_outputs + bias_adds")
        | {
            **for_all("dense dense:positions", "macs"),
            "batchnorm/2": "2*outputs",
            "avgpool": "outputs",
            **for_all("global_avgpool adaptive_avgpool", "whole_windows + outputs"),
            "leaky_relu": "outputs",
            **for_all("relu relu6 dropout", "0"),
        },
        "bias adds of dense layers count nothing; transposed convolutions count by their output",
        "paddlepaddle 3.3.1, paddle.flops",
        without=UNKNOWN
        + ", max pools, response normalisation, normalisation, activations, softmax, rmsnorm,"
        " upsampling, joins, matmul, rnn, lstm, gru",
        surprise=Surprise(
            "global_avgpool",
            "12x10x6",
            "120 additions and 1 division a channel, where an avgpool counts 1 per output",
        ),
    ),
)
