"""What a file of another program holds and no layer stands for: shapes are known, costs are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from shapecalc.layers.base import Layer, Parameter
from shapecalc.layers.fields import Count, Extents, Kind, field
from shapecalc.layers.shape import Shape, shape_of
from shapecalc.layers.window import UndecidedError
from shapecalc.text import Scalar

if TYPE_CHECKING:
    from shapecalc.algebra import Dim
    from shapecalc.layers.fields import Reading
    from shapecalc.layers.window import Sees
    from shapecalc.text import Tree


class Operation(Kind):
    """The word that another program has for an operation."""

    words = "the name of an operation"
    schema = {"type": "string"}

    def read(self, tree: Tree, reading: Reading) -> str:
        if isinstance(tree, Scalar) and re.fullmatch(r"[\w.-]{1,60}", tree.text):
            return tree.text
        raise self.wants(tree)


class Opaque(Layer):
    """Stands for an operation that has no rule; what it computes is counted nowhere.

    It is in no list of layers: nothing but its output's shape is known, and the parameters that it
    takes.  Tables say `?` where others have a number of operations, and totals are what is known.
    """

    type: ClassVar[str] = "opaque"
    yields: ClassVar[bool] = True
    inputs: ClassVar[int | None] = None
    principal: ClassVar[str] = "op"
    summary: ClassVar[str] = "an operation of another program without a rule"
    term: ClassVar[str] = ""
    learns: ClassVar[str] = "as many numbers as the file gives it"
    rule: ClassVar[str] = "output = shape"
    counts: ClassVar[str] = "weights = params; what it computes is not known"
    example: ClassVar[str] = "opaque: {op: Einsum, shape: 12x64}"

    op: str = field(Operation(), "what the other program calls it")
    shape: tuple[Dim, ...] = field(Extents(), "its output's shape, sides first and channels last")
    params: Dim = field(Count(0), "how many trained numbers it takes", default=0)

    def configuration(self, *inputs: Shape) -> str:
        return self.op

    def output(self, *inputs: Shape) -> Shape:
        return shape_of(self.shape)

    def weights(self, *inputs: Shape) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self.params,)),) if self.params != 0 else ()

    def window(self, *inputs: Shape) -> Sees:
        raise UndecidedError
