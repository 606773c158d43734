"""Blocks that the language has by itself: words that stand for several layers.

Their fields are declared as those of layers are.  A block of the same name in a spec comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from shapecalc.layers.base import Layer
from shapecalc.layers.fields import Choice, Count, Flag, Sizes, field
from shapecalc.spec import Use
from shapecalc.text import List, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.text import Tree

#: What the second and the third of the sources are called inside a block: no layer can be.
SOURCES = ("\0second", "\0third")
#: The channels that enter the block, by a name that no spec can use.
ENTERING = "entering"


class Attention(Layer):
    """Lets every position take in what others hold, by how well they match (Vaswani et al. 2017).

    With `from: [x, memory]` the queries come from x, the keys and values from memory; with a third
    source the values have their own.  A map attends over all its positions.  Products are counted
    dense: a causal mask leaves none of them out.
    """

    type: ClassVar[str] = "attention"
    principal: ClassVar[str] = "heads"
    inputs: ClassVar[int | None] = 3
    summary: ClassVar[str] = "attention in heads: self, cross, grouped-query"
    learns: ClassVar[str] = "weights and biases of its dense layers `qkv` and `out`"
    rule: ClassVar[str] = "output = input"
    counts: ClassVar[str] = (
        "the sums of its layers: N positions of C channels, with biases, have 4 x C^2 + 4 x C"
        " parameters, and 4 x N x C^2 + 2 x N^2 x C MACs"
    )
    example: ClassVar[str] = "attention: {heads: 12}"

    heads: Dim = field(Count(symbolic=True, divides=True), "parts that attend each by itself")
    key: Dim | None = field(
        Count(symbolic=True),
        "channels of a query and of a key in a head; channels // heads if nothing is said",
        default=None,
    )
    value: Dim | None = field(
        Count(symbolic=True), "channels of a value in a head; as many as a key's", default=None
    )
    groups: Dim | None = field(
        Count(symbolic=True, divides=True),
        "heads of keys and values, each for several of the queries'; 1: multi-query",
        default=None,
    )
    bias: Literal["qkv", "out"] | bool = field(
        Choice(True, False, "qkv", "out"),
        "biases of the dense layers: both, none, or of one of them",
        default=True,
    )
    qk_norm: Literal["layernorm", "rmsnorm"] | bool = field(
        Choice(False, "layernorm", "rmsnorm"),
        "what normalises the queries and the keys of every head, by the same weights in all heads",
        default=False,
    )
    out: bool = field(Flag(), "end with a dense layer over the heads", default=True)
    causal: bool = field(Flag(), "positions see none after them", default=False)
    window: tuple[Dim, ...] | None = field(  # type: ignore[assignment]  # no layer, so no rule
        Sizes(symbolic=True, divides=True),
        "a map attends in windows of these sides, each by itself (Swin)",
        default=None,
    )
    shift: tuple[Dim, ...] = field(
        Sizes(0, symbolic=True),
        "places that the map moves back, around its ends, before it is cut into windows",
        default=(0,),
    )
    grid: bool = field(
        Flag(), "windows of places far apart, one in each cell of a grid (MaxViT)", default=False
    )
    relative_position: bool = field(
        Flag(), "add a trained number to scores, by how far positions lie apart", default=False
    )


#: The built-in blocks by their words.
BLOCKS: Mapping[str, type[Attention]] = {"attention": Attention}


#: The fields that say how a map is cut into windows, or where in one a position lies.
WINDOWED = ("shift", "grid", "relative_position")
#: The fields of which it depends on their values which statements there are.
DECIDING = ("bias", "qk_norm", "out", "causal", "shift", "relative_position")


def layers_of(
    word: Scalar,
    values: Mapping[str, Any],
    given: Mapping[str, Tree],
    sources: int,
    literal: tuple[object, ...] | None = None,
) -> tuple[Use, ...]:
    """Return the statements of attention; `values` holds the fields that decide which there are.

    `given` holds all fields that were said: where they stand is where what is made of them does.
    Numbers in the statements are expressions in the block's fields, `entering` among them.  Where
    these are known, `literal` says which they are, so that equal statements become one layer.
    """
    return tuple(_Statements(word, values, given, sources, literal).attention())


def is_shifted(values: Mapping[str, Any]) -> bool:
    """Tell whether windows are shifted along any side."""
    return any(places != 0 for places in values["shift"])


class _Statements:
    """Writes the statements of one use of attention; all of them stand where it does."""

    def __init__(
        self,
        word: Scalar,
        values: Mapping[str, Any],
        given: Mapping[str, Tree],
        sources: int,
        literal: tuple[object, ...] | None,
    ) -> None:
        self.word = word
        self.values = values
        self.given = given
        self.sources = sources
        self.literal = literal
        whole = "heads*key" if "key" in given else ENTERING
        self.query = whole
        self.key = "groups*key" if "groups" in given else whole
        self.value = "groups*value" if "groups" in given or "value" in given else whole

    def text(self, text: str) -> Scalar:
        """Write a word: a field's name stands where the field does."""
        at: Tree = self.given.get(text, self.word)
        return self.word._replace(
            text=text, plain=True, source=at.source, start=at.start, length=at.length
        )

    def _word(self, text: str) -> Scalar:
        return self.word._replace(text=text, plain=True)

    def listed(self, *texts: str) -> List:
        word = self.word
        return List(tuple(map(self.text, texts)), word.source, word.start, word.length)

    def use(self, kind: str, name: str, *sources: str, **fields: Tree | str) -> Use:
        """Write one statement."""
        trees: dict[str, Tree] = {
            field: self.text(tree) if isinstance(tree, str) else tree
            for field, tree in fields.items()
        }
        named = tuple(map(self._word, sources)) or None
        literal = None if self.literal is None else (name, *self.literal)
        return Use(
            self.word, kind, trees, {}, literal, name=self._word(name), sources=named, own=True
        )

    def dense(self, name: str, units: str, source: str = "") -> Use:
        """Write a dense layer at every position."""
        part = "out" if name == "out" else "qkv"
        bias = str(self.values["bias"] in (True, part)).lower()
        sources = (source,) if source else ()
        return self.use("dense", name, *sources, units=units, over="channels", bias=bias)

    def norm(self, name: str, source: str, heads: str) -> Use:
        """Write what normalises the channels of every head by themselves."""
        return self.use(self.values["qk_norm"], name, source, heads=heads)

    def attention(self) -> Iterator[Use]:
        """Write all of them, in order."""
        windows: dict[str, Tree] = {}
        if "window" in self.given:
            windows = {name: self.text(name) for name in ("shift", "grid") if name in self.given}
            windows["size"] = self.text("window")
            yield self.use("window_partition", "partition", **windows)
        operands: dict[str, Tree] = {}
        weighted: dict[str, Tree] = {}
        if self.values["qk_norm"] or self.sources == 3:
            given = ("partition" if windows else "input", *SOURCES)[: self.sources]
            yield self.dense("query", self.query, given[0])
            yield self.dense("key", self.key, given[min(1, self.sources - 1)])
            yield self.dense("value", self.value, given[-1])
            queries, keys, values = "query", "key", "value"
        elif self.sources == 1:
            yield self.dense("qkv", f"{self.query} + {self.key} + {self.value}")
            queries = keys = values = "qkv"
            ends = ["0", self.query]
            ends += [f"{ends[-1]} + {self.key}", f"{ends[-1]} + {self.key} + {self.value}"]
            operands = {"first": self.listed(*ends[:2]), "second": self.listed(*ends[1:3])}
            weighted = {"second": self.listed(*ends[2:])}
        else:
            yield self.dense("query", self.query)
            yield self.dense("key_value", f"{self.key} + {self.value}", SOURCES[0])
            queries, keys, values = "query", "key_value", "key_value"
            operands = {"second": self.listed("0", self.key)}
            weighted = {"second": self.listed(self.key, f"{self.key} + {self.value}")}
        heads: dict[str, Tree] = {"heads": self.text("heads")}
        if "groups" in self.given:
            heads["groups"] = self.text("groups")
        if windows:
            heads["windows"] = self.text("true")
        if self.values["qk_norm"]:
            yield self.norm("query_norm", queries, "heads")
            yield self.norm("key_norm", keys, "groups" if "groups" in self.given else "heads")
            queries, keys = "query_norm", "key_norm"
        yield self.use(
            "matmul", "scores", queries, keys, transpose="second", root="true",
            **heads, **operands,
        )  # fmt: skip
        if self.values["relative_position"]:
            yield self.use("relative_position", "position", size="window")
        if self.values["causal"]:
            yield self.use("causal_mask", "mask")
        if is_shifted(self.values):
            yield self.use("window_mask", "window_mask", ".", "input", **windows)
        yield self.use("softmax", "softmax")
        merge = "map" if self.sources == 1 else "sequence"
        yield self.use("matmul", "weighted", ".", values, merge=merge, **heads, **weighted)
        if self.values["out"]:
            yield self.dense("out", ENTERING)
        if windows:
            yield self.use("window_merge", "merge", ".", "input", **windows)
