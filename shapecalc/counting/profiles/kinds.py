"""The kinds of layers that tools count alike, for the tables of rules."""

from __future__ import annotations

CONVOLUTIONS = "conv conv:untied depthwise depthwise:untied separable separable:untied".split()
TRANSPOSED = "transposed transposed:untied transposed:grouped".split()
WEIGHTED = [*CONVOLUTIONS, *TRANSPOSED, "dense", "dense:positions"]
TIED = [word for word in WEIGHTED if not word.endswith(":untied")]
RECURRENT = ["rnn", "lstm", "gru"]
AVERAGES = ("avgpool", "global_avgpool", "adaptive_avgpool")
MAXIMA = ("maxpool", "global_maxpool", "adaptive_maxpool")

#: What no tool knows as a layer.
UNKNOWN = (
    "subsampling, blurring, distances to codes, scales, bias, embeddings, reductions, l2norm,"
    " position biases"
)


def for_all(words: list[str] | tuple[str, ...] | str, rule: str) -> dict[str, str]:
    """Give many kinds of layers one rule."""
    return dict.fromkeys(words.split() if isinstance(words, str) else words, rule)
