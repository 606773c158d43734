"""Profiles: named conventions of what to count, applied once, at the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.work import Work

if TYPE_CHECKING:
    from shapecalc.dim import Dim
    from shapecalc.report import Row, Totals


class Profile(NamedTuple):
    """A counting convention: what one operation of each kind counts for.

    `label` says in its own words what is counted, for the caption; `note` what is not, or where
    the convention comes from.
    """

    name: str
    label: str
    weights: Work
    note: str = ""

    def count(self, row: Row | Totals) -> Dim:  # type: ignore[override]
        """Fold the work of a row, or of the whole network, into one number."""
        return sum(
            weight * number for weight, number in zip(self.weights, row.work, strict=True) if weight
        )


#: The profiles by name.
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(
            "macs",
            "multiply-accumulates, 1 each",
            Work(macs=1),
            "bias adds, pools, normalisation and activations count nothing",
        ),
        Profile(
            "flops",
            "multiply-accumulates, 2 operations each",
            Work(macs=2),
            "bias adds, pools, normalisation and activations count nothing",
        ),
        Profile(
            "full",
            "every operation: 2 per multiply-accumulate, 1 per bias add and per other addition,"
            " multiplication, division, comparison and exponential",
            Work(2, 1, 1, 1, 1, 1, 1),
            "roots, powers and logarithms count as exponentials",
        ),
    )
}
