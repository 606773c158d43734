"""PyTorch's automatic gradients beside those of the worked examples, to 1e-12."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from judge import need

from shapecalc.layers import layer_class
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import Map
from shapecalc.reference.example import example

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F  # noqa: N812
else:
    torch = need("torch")
    F = need("torch.nn.functional")

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

PAD = Padding(((1, 1),))

#: A layer of ours, and the same in PyTorch on its input, weights and bias, for 2 sides.
PAIRS: list[tuple[str, dict[str, Any], Any]] = [
    ("conv", {"filters": 64, "kernel": (7,), "stride": (2,)},
     lambda x, w, b: F.conv2d(x, w, b, stride=2)),
    ("conv", {"filters": 8, "kernel": (3,), "pad": PAD, "bias": False},
     lambda x, w, b: F.conv2d(x, w, b, padding=1)),
    ("conv", {"filters": 8, "kernel": (5, 2), "dilation": (1, 2), "groups": 2},
     lambda x, w, b: F.conv2d(x, w, b, dilation=(1, 2))),
    ("dense", {"units": 10}, F.linear),
    ("maxpool", {"kernel": (3,), "stride": (2,)}, lambda x, w, b: F.max_pool2d(x, 3, 2)),
    ("maxpool", {"kernel": (3,), "stride": (1,), "pad": PAD},
     lambda x, w, b: F.max_pool2d(x, 3, 1, 1)),
    ("avgpool", {"kernel": (2,)}, lambda x, w, b: F.avg_pool2d(x, 2)),
    ("avgpool", {"kernel": (3,), "stride": (2,), "pad": PAD, "count_include_pad": False},
     lambda x, w, b: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    ("relu", {}, lambda x, w, b: F.relu(x)),
]  # fmt: skip


def differ(word: str, fields: dict[str, Any], theirs: Any) -> list[str]:
    """List the output and the gradients of a worked example that PyTorch has not."""
    done = example(layer_class(word)(**fields), Map((40, 50), 12))
    given = {
        letter: torch.tensor(done.values[letter], requires_grad=True)
        for letter in "xwb"
        if letter in done.values
    }
    y = theirs(given["x"][None], given.get("w"), given.get("b"))[0]
    y.backward(torch.tensor(done.values["g"]))
    pairs = {"y": (done.values["y"], y)}
    pairs |= {letter: (done.gradients[letter], each.grad) for letter, each in given.items()}
    return [
        letter
        for letter, (ours, other) in pairs.items()
        if ours.shape != tuple(other.shape)
        or np.abs(ours - other.detach().numpy()).max() > 1e-12 * (1 + np.abs(ours).max())
    ]


@pytest.mark.parametrize(("word", "fields", "theirs"), PAIRS)
def test_an_example_has_pytorch_s_gradients(word: str, fields: dict[str, Any], theirs: Any) -> None:
    assert differ(word, fields, theirs) == []


def test_a_wrong_twin_is_caught() -> None:
    word, fields, _ = PAIRS[0]
    flipped = lambda x, w, b: F.conv2d(x, w.flip(3), b, stride=2)  # noqa: E731
    assert differ(word, fields, flipped) == ["y", "x", "w"]
    assert differ("relu", {}, lambda x, w, b: F.leaky_relu(x)) == ["y", "x"]
