"""The counting conventions by name: this project's own, those of papers, and those of tools.

A convention is added as one `Profile` in one of the tables here.
"""

from __future__ import annotations

from shapecalc.counting.profile import ANY, Profile
from shapecalc.counting.profiles.frameworks import FRAMEWORKS
from shapecalc.counting.profiles.tools import GRAPHS, KERAS, TORCH

_NOTHING_ELSE = "bias adds, pools, normalisation and activations count nothing"

OWN = (
    Profile("macs", "multiply-accumulates, 1 each", {ANY: "macs"}, _NOTHING_ELSE),
    Profile("flops", "multiply-accumulates, 2 operations each", {ANY: "2*macs"}, _NOTHING_ELSE),
    Profile(
        "full",
        "every operation: 2 per multiply-accumulate, 1 per bias add and per other addition,"
        " multiplication, division, comparison and exponential",
        {ANY: "2*macs + bias_adds + multiplies + adds + compares + divisions + exponentials"},
        "roots, powers and logarithms count as exponentials",
    ),
    Profile(
        "params",
        "trained weights + biases, shared ones once",
        {ANY: "stored_weights + stored_biases"},
        "running statistics and fixed codes count nothing",
        of="parameters",
    ),
)

PAPERS = (
    Profile(
        "paper:googlenet",
        "the ops of Table 1: multiply-accumulates, 1 each, without bias adds",
        {ANY: "macs"},
        "printed in millions, K = 1000; fits its 12 cells with the network as it was trained",
        "Szegedy et al. 2014, Going Deeper with Convolutions, Table 1",
    ),
    Profile(
        "paper:resnet",
        "the FLOPs of Table 1: multiply-adds, 1 each, of convolutions, projections and fc",
        {ANY: "macs"},
        "printed in units of 10^9 with one decimal; normalisation, additions and pools count"
        " nothing",
        "He, Zhang, Ren, Sun 2015, Deep Residual Learning for Image Recognition, Table 1",
    ),
)

#: What nothing is known of: a table of a README shows no layers.
_UNSHOWN = (
    "subsampling, blurring, distances to codes, scales, bias, embeddings, reductions, l2norm,"
    " position biases, normalisation, response normalisation, activations, softmax, upsampling,"
    " joins, matmul, rnn, lstm, gru, separable, depthwise, transposed"
)
_POOLS = "maxpool avgpool global_maxpool global_avgpool adaptive_maxpool adaptive_avgpool"

READMES = (
    Profile(
        "readme:thop",
        "multiply-accumulates and biases of convolutions, 1 each, and dense layers twice, by"
        " multiplications and by additions",
        {
            "conv": "macs + bias_adds",
            "dense": "2*macs",
            "batchnorm": "2*outputs + 2*scaled",
            "avgpool": "outputs",
            **dict.fromkeys(["global_avgpool", "adaptive_avgpool"], "inputs + outputs"),
            **dict.fromkeys("relu dropout maxpool global_maxpool adaptive_maxpool".split(), "0"),
        },
        "the README's table: today's thop counts otherwise; fits its 11 AlexNets, VGGs and ResNets",
        "Lyken17/pytorch-OpCounter, README, Results of Recent Models",
        without=_UNSHOWN,
    ),
    Profile(
        "readme:ptflops",
        "multiply-accumulates and bias adds, 1 each, 1 per rectified element, 1 per element that is"
        " pooled, 2 per normalised element",
        {
            **dict.fromkeys(["conv", "dense"], "macs + bias_adds"),
            "batchnorm": "outputs + scaled",
            "relu": "outputs",
            **dict.fromkeys(_POOLS.split(), "framed_inputs"),
            "dropout": "0",
        },
        "the README's table: today's backends count otherwise; fits its 11 AlexNets,"
        " VGGs and ResNets",
        "sovrasov/flops-counter.pytorch, README, Benchmark",
        without=_UNSHOWN,
    ),
)


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (*OWN, *PAPERS, *READMES, *TORCH, *GRAPHS, *FRAMEWORKS, KERAS)
}

#: Another tool -> the profile that counts as it does.
ALIASES: dict[str, str] = {
    tool.partition(" ")[0]: name for name, profile in PROFILES.items() for tool in profile.also
}


def profile_names() -> list[str]:
    """Return every word that names a profile."""
    return [*PROFILES, *ALIASES]


def profile_named(word: str) -> Profile:
    """Return the profile of a name, or of a tool that counts as another."""
    return PROFILES[ALIASES.get(word, word)]
