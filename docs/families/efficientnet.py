"""EfficientNet B0 to B7 as specs: compound scaling of the shipped `efficientnet-b0`.

    python docs/families/efficientnet.py b3 | shapecalc summarize -

Tan & Le 2019: all stages become deeper by one factor and wider by another, and the input larger.
"""

from __future__ import annotations

import json
import math
import sys
from typing import Any

#: Factor of width, factor of depth and input, as published; 1.1, 1.2 and 1.15 to the power of
#: the number in the name are what the paper starts from, and rounds.
MEMBERS = {
    "b0": (1.0, 1.0, 224),
    "b1": (1.0, 1.1, 240),
    "b2": (1.1, 1.2, 260),
    "b3": (1.2, 1.4, 300),
    "b4": (1.4, 1.8, 380),
    "b5": (1.6, 2.2, 456),
    "b6": (1.8, 2.6, 528),
    "b7": (2.0, 3.1, 600),
}

WIDTHS = (16, 24, 40, 80, 112, 192, 320)
DEPTHS = (1, 2, 2, 3, 3, 4, 1)


def spec(width: float, depth: float, side: int) -> dict[str, Any]:
    """Return the spec of a member of the family.

    Channels are rounded to multiples of 8, depths up.
    """
    widths = [channels(width * usual) for usual in WIDTHS]
    return {
        "extends": "efficientnet-b0",
        "name": f"EfficientNet, {width} times as wide and {depth} times as deep, at {side} pixels",
        "input": f"{side}x{side}x3",
        "let": {
            "stem": channels(width * 32),
            "inner": ["stem", *widths[:-1]],
            "widths": widths,
            "depths": [math.ceil(depth * usual) for usual in DEPTHS],
            "head": channels(width * 1280),
        },
    }


def channels(wanted: float) -> int:
    """Round to the nearest multiple of 8 that is not more than a tenth too small.

    >>> channels(1.1 * 40), channels(1.4 * 112), channels(9)
    (48, 160, 16)
    """
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * wanted else nearest + 8


if __name__ == "__main__":
    print(json.dumps(spec(*MEMBERS[sys.argv[1]]), indent=2))
