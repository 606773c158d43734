"""The counting conventions by name: this project's own, those of papers, and those of tools.

A convention is added as one `Profile` in one of the tables here.
"""

from __future__ import annotations

from shapecalc.counting.profile import ANY, Profile
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


PROFILES: dict[str, Profile] = {
    profile.name: profile for profile in (*OWN, *PAPERS, *TORCH, *GRAPHS, KERAS)
}
