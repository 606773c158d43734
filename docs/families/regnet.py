"""RegNets as specs: a line of widths, quantised, on the shipped `regnet-y-400mf`.

    python docs/families/regnet.py x-800mf | shapecalc summarize -

Radosavovic et al. 2020, Designing Network Design Spaces, section 3.3: block number j is to be
w0 + wa * j channels wide; the widths that there are lie apart by powers of wm.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import groupby
from typing import Any, NamedTuple


class Member(NamedTuple):
    """A point of the design space: blocks, first width, slope, step and channels of a group."""

    depth: int
    w0: int
    wa: float
    wm: float
    group: int


#: The paper's models; X by Table 5 and Y by Table 6 of its appendix, 200MF by its programs.
MEMBERS = {
    "x-200mf": Member(13, 24, 36.44, 2.49, 8),
    "x-400mf": Member(22, 24, 24.48, 2.54, 16),
    "x-800mf": Member(16, 56, 35.73, 2.28, 16),
    "x-1.6gf": Member(18, 80, 34.01, 2.25, 24),
    "x-3.2gf": Member(25, 88, 26.31, 2.25, 48),
    "x-8gf": Member(23, 80, 49.56, 2.88, 120),
    "y-200mf": Member(13, 24, 36.44, 2.49, 8),
    "y-400mf": Member(16, 48, 27.89, 2.09, 8),
    "y-800mf": Member(14, 56, 38.84, 2.4, 16),
    "y-1.6gf": Member(27, 48, 20.71, 2.65, 24),
    "y-3.2gf": Member(21, 80, 42.63, 2.66, 24),
    "y-8gf": Member(17, 192, 76.82, 2.19, 56),
}


def spec(member: Member, *, squeeze: bool) -> dict[str, Any]:
    """Return the spec of a point; `squeeze` for Y, which has squeeze-and-excitation."""
    quantised = [quantise(member, block) for block in range(member.depth)]
    stages = [(width, len(list(blocks))) for width, blocks in groupby(quantised)]
    group = [min(member.group, width) for width, _ in stages]
    widths = [whole(width, channels) for (width, _), channels in zip(stages, group, strict=True)]
    return {
        "extends": "regnet-y-400mf",
        "name": f"RegNet{'Y' if squeeze else 'X'} of {member}",
        "let": {
            "widths": widths,
            "inner": [32, *widths[:-1]],
            "depths": [blocks for _, blocks in stages],
            "groups_of": group,
            "squeeze": int(squeeze),
        },
    }


def quantise(member: Member, block: int) -> int:
    """Return the width of a block: the nearest power of the step, then a multiple of 8."""
    power = round(math.log((member.w0 + member.wa * block) / member.w0, member.wm))
    return round(member.w0 * member.wm**power / 8) * 8


def whole(width: int, group: int) -> int:
    """Round a width to groups that are full: the nearest, not more than a tenth too small."""
    nearest = max(group, int(width + group / 2) // group * group)
    return nearest if nearest >= 0.9 * width else nearest + group


if __name__ == "__main__":
    name = sys.argv[1]
    print(json.dumps(spec(MEMBERS[name], squeeze=name.startswith("y")), indent=2))
