"""What a homework leaves open, with its defaults: how to count, and how to mark.

Every default is stated here once; the sheet, the check and the documentation print them from here.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.homework.languages import say
from shapecalc.layers.shape import axes_text
from shapecalc.output.columns import with_macs

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    terms, ranks, layers = {}, report.ranks, say(with_macs(report, "convolutions"))
    if "output" in columns and ranks:
        layout: Layout = "chw" if conventions.layout == "chw" else "hwc"
        axes = axes_said(ranks, layout)
        if conventions.layout == "either":
            axes = say("{axes}; channels first is accepted", axes=axes)
        terms[say("volumes")] = axes
    if "params" in columns:
        counted = say("weights + biases") if conventions.bias else say("weights, without biases")
        terms[say("params")] = counted
    if "trainable" in columns:
        terms[say("trainable")] = say(
            "the parameters that training changes: those of no frozen layer"
        )
    if "frozen" in columns:
        terms[say("frozen")] = say(
            "the parameters that training leaves as they are: those of frozen layers"
        )
    if "macs" in columns:
        terms[say("MACs")] = say(
            "multiply-accumulates of {layers}, without bias adds; pools 0", layers=layers
        )
    if "flops" in columns:
        terms[say("FLOPs")] = (
            say(
                "every operation: 2 per multiply-accumulate, 1 per bias add, other addition,"
                " multiplication, division, comparison and exponential"
            )
            if conventions.operations == "full"
            else say(
                "{number} per multiply-accumulate, those of {layers}",
                number=conventions.flops_per_mac,
                layers=layers,
            )
        )
    if "memory" in columns:
        terms[say("memory")] = say(
            "bytes of the output, {bytes} per number; 1 KB = {kilobyte}",
            bytes=conventions.element,
            kilobyte=conventions.kilobyte,
        )
    if "connections" in columns:
        terms[say("connections")] = say("(inputs of a unit + its bias) x units")
    if "rf" in columns:
        terms[say("rf")] = (
            say("receptive field: positions of the input that a unit sees, along a side")
            if set(ranks) == {1}
            else say("receptive field: pixels of the input that a unit sees, along a side")
        )
    terms[say("rounding")] = _stated_rounding(conventions)
    return terms


def axes_said(ranks: Sequence[int], layout: Layout = "hwc") -> str:
    """Name the axes of volumes with so many sides."""
    return say(" or ").join(say(axes_text([rank], layout)) for rank in ranks)


def _stated_rounding(conventions: Conventions) -> str:
    if conventions.digits:
        return say(
            "{digits} significant digits are enough, as in {rounded:,} for {number:,}; fewer are"
            " not",
            digits=conventions.digits,
            rounded=_rounded(1234567, conventions.digits),
            number=1234567,
        )
    if conventions.rounding == "declared":
        return say("whole numbers; what is written like 35K counts at its own precision")
    return say("whole numbers only")


def _rounded(number: int, digits: int) -> int:
    unit = int(10 ** max(len(str(number)) - digits, 0))
    return (number + unit // 2) // unit * unit


def stated_policy(policy: Policy) -> dict[str, str]:
    """Say in words how cells are marked."""
    followed = say(
        "{share} for what is right with your own earlier volumes, where these are within a factor"
        " of {factor} of the right ones",
        share=share_text(policy.follow_through),
        factor=policy.within,
    )
    if policy.cap < 1:
        cap = share_text(policy.cap)
        followed = say("{marks}; at most {share} of the whole", marks=followed, share=cap)
    mistake = share_text(policy.misconception)
    if policy.deduct == "once":
        mistake = say("{marks}; the same mistake costs once", marks=mistake)
    return {
        say("follow-through"): followed,
        say("other convention"): share_text(policy.other_convention),
        say("known mistake"): mistake,
    }


def share_text(share: Fraction) -> str:
    """Write a share of the marks.

    >>> share_text(Fraction(1)), share_text(Fraction(0)), share_text(Fraction(1, 2))
    ('full marks', 'no marks', '1/2 of the marks')
    """
    if share == 1:
        return say("full marks")
    return say("{share} of the marks", share=share) if share else say("no marks")


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
