"""A topic: a number that can be explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra.dim import Dim
    from shapecalc.algebra.traced import Formula
    from shapecalc.analysis.explain.model import Section
    from shapecalc.analysis.explain.subject import Subject
    from shapecalc.output.view import View
    from shapecalc.report.model import Report


class Topic(NamedTuple):
    """A number that can be explained.

    `layer` explains it for a layer, `block` for a block, `formulas` gives what a line of the whole
    network shows (None: it has no such lines), `total` the network's own number where it has one.
    """

    name: str
    title: str
    layer: Callable[[Subject], Section]
    block: Callable[[Subject], Section]
    formulas: Callable[..., tuple[Formula, ...]] | None
    total: Callable[[Report, View], Dim] | None = None
    usual: bool = False
