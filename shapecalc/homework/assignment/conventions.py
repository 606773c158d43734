"""What a homework leaves open, with its defaults: how to count, and how to mark.

Every default is stated here once; the sheet, the check and the documentation print them from here.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.layers.shape import axes_text
from shapecalc.output.columns import with_macs

if TYPE_CHECKING:
    from shapecalc.layers.shape import Layout
    from shapecalc.report import Report

Rounding: TypeAlias = Literal["declared", "exact"]
Order: TypeAlias = Literal["either", "hwc", "chw"]
Deduction: TypeAlias = Literal["each", "once"]


class Conventions(NamedTuple):
    """How the asked numbers are counted.

    `bias`: biases count as parameters.  `flops_per_mac`: 1 or 2.  `operations`: `macs` counts
    multiply-accumulates, `full` every operation.  `rounding`: `declared` judges an
    answer such as 35K at its own precision, `exact` takes whole numbers only.  `digits`: so many
    significant ones are enough; 0 asks for all that are not left out by K or M.  `kilobyte`: 1000
    or 1024.  `element`: bytes of a number.  `layout`: the order of a volume's extents.
    """

    bias: bool = True
    flops_per_mac: int = 2
    operations: Literal["macs", "full"] = "macs"
    rounding: Rounding = "declared"
    digits: int = 0
    kilobyte: int = 1000
    element: int = 4
    layout: Order = "either"


class Policy(NamedTuple):
    """How verdicts become marks; shares are of a cell's marks.

    `follow_through`: for what is right with the student's own earlier values; `cap`: the largest
    part of the whole that may be earned so; `within`: an earlier volume is followed when no extent
    is further from the right one than this factor.  `other_convention` and `misconception`: shares
    for these verdicts.  `deduct`: a misconception costs in `each` cell, or `once`.  `accepted`: the
    verdict on a value that the teacher accepts beside the right one.
    """

    follow_through: Fraction = Fraction(1)
    cap: Fraction = Fraction(1)
    within: int = 4
    other_convention: Fraction = Fraction(1)
    misconception: Fraction = Fraction(0)
    deduct: Deduction = "each"
    accepted: Literal["right", "right_other_convention"] = "right_other_convention"


def counts_operations(conventions: Conventions, columns: set[str]) -> bool:
    """Tell whether other operations are asked for than multiply-accumulates."""
    return conventions.operations == "full" and "flops" in columns


def stated_conventions(
    conventions: Conventions, columns: set[str], report: Report
) -> dict[str, str]:
    """Say in words what holds for these columns of a network, term by term."""
    terms, ranks, layers = {}, report.ranks, with_macs(report, "convolutions")
    if "output" in columns and ranks:
        layout: Layout = "chw" if conventions.layout == "chw" else "hwc"
        terms["volumes"] = axes_text(ranks, layout)
        if conventions.layout == "either":
            terms["volumes"] += "; channels first is accepted"
    if "params" in columns:
        terms["params"] = "weights + biases" if conventions.bias else "weights, without biases"
    if "trainable" in columns:
        terms["trainable"] = "the parameters that training changes: those of no frozen layer"
    if "frozen" in columns:
        terms["frozen"] = "the parameters that training leaves as they are: those of frozen layers"
    if "macs" in columns:
        terms["MACs"] = f"multiply-accumulates of {layers}, without bias adds; pools 0"
    if "flops" in columns:
        terms["FLOPs"] = (
            "every operation: 2 per multiply-accumulate, 1 per bias add, other addition,"
            " multiplication, division, comparison and exponential"
            if conventions.operations == "full"
            else f"{conventions.flops_per_mac} per multiply-accumulate, those of {layers}"
        )
    if "memory" in columns:
        terms["memory"] = (
            f"bytes of the output, {conventions.element} per number; 1 KB = {conventions.kilobyte}"
        )
    if "connections" in columns:
        terms["connections"] = "(inputs of a unit + its bias) x units"
    if "rf" in columns:
        places = "positions" if set(ranks) == {1} else "pixels"
        terms["rf"] = f"receptive field: {places} of the input that a unit sees, along a side"
    if conventions.digits:
        terms["rounding"] = (
            f"{conventions.digits} significant digits are enough, as in"
            f" {_rounded(1234567, conventions.digits):,} for 1,234,567; fewer are not"
        )
    elif conventions.rounding == "declared":
        terms["rounding"] = "whole numbers; what is written like 35K counts at its own precision"
    else:
        terms["rounding"] = "whole numbers only"
    return terms


def _rounded(number: int, digits: int) -> int:
    unit = int(10 ** max(len(str(number)) - digits, 0))
    return (number + unit // 2) // unit * unit


def stated_policy(policy: Policy) -> dict[str, str]:
    """Say in words how cells are marked."""
    terms = {
        "follow-through": f"{share_text(policy.follow_through)} for what is right with your own"
        f" earlier volumes, where these are within a factor of {policy.within} of the right ones"
    }
    if policy.cap < 1:
        terms["follow-through"] += f"; at most {share_text(policy.cap)} of the whole"
    terms["other convention"] = share_text(policy.other_convention)
    terms["known mistake"] = share_text(policy.misconception)
    if policy.deduct == "once":
        terms["known mistake"] += "; the same mistake costs once"
    return terms


def share_text(share: Fraction) -> str:
    """Write a share of the marks.

    >>> share_text(Fraction(1)), share_text(Fraction(0)), share_text(Fraction(1, 2))
    ('full marks', 'no marks', '1/2 of the marks')
    """
    if share == 1:
        return "full marks"
    return f"{share} of the marks" if share else "no marks"


_SHARE = re.compile(r"(\d{1,6})(?:/([1-9]\d{0,5})|\.(\d{1,6})|( ?%))?", re.ASCII)


def read_share(text: str) -> Fraction | None:
    """Read a part such as 1/2, 0.5 or 50%, or a number; None for any other text.

    >>> read_share("1/2"), read_share("0.5"), read_share("50 %"), read_share("half")
    (Fraction(1, 2), Fraction(1, 2), Fraction(1, 2), None)
    """
    match = _SHARE.fullmatch(text.strip())
    if match is None:
        return None
    whole, below, decimals, percent = match.groups()
    value = Fraction(f"{whole}.{decimals}") if decimals else Fraction(int(whole), int(below or 1))
    return value / 100 if percent else value
