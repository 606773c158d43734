"""The network as a graph: nodes in an order in which every input comes before its readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from shapecalc.errors import Problem
from shapecalc.layers import OPAQUE
from shapecalc.layers.base import Layer
from shapecalc.layers.fields import Extents, field
from shapecalc.spec import Fields
from shapecalc.text import NamedTuple, Origin, Scalar, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape
    from shapecalc.spec import NetSpec, Use
    from shapecalc.text import Tree


class Input(Layer):
    """An input of the network: a layer without inputs, whose output is the shape it was given."""

    type: ClassVar[str] = "input"
    inputs: ClassVar[int | None] = 0

    shape: Shape = field(Extents(), "the shape, without the batch")

    def output(self, *inputs: Shape) -> Shape:
        return self.shape


class Broken(Layer):
    """A layer that was complained about: what comes out of it is unknown."""

    type: ClassVar[str] = "unknown"


class Deferred(Fields):
    """A layer with a field that depends on what flows in: built when the shapes are known."""

    type: type[Layer]
    build: Callable[[Callable[[int], Shape]], Layer]
    """From a function that gives a node's output shape, by index, to the layer."""
    from_extents: Callable[[Callable[..., Dim], Callable[[], tuple[Dim, ...]]], Layer]
    """From functions that give extents of what flows in there, and the sides of another layer."""


class Node(NamedTuple):
    """A layer in its place.  `inputs` and `share` are indices of nodes."""

    path: str
    layer: Layer | Deferred
    inputs: tuple[int, ...]
    share: int | None = None
    note: str = ""
    use: Use | None = None
    trained: bool = True
    """Whether training changes its parameters; of shared ones the layer that owns them decides."""

    def origin(self, field: str = "") -> Origin | None:
        """Return the place of a field's value, or of the layer's word."""
        if self.use is None:
            return None
        tree: Tree = self.use.word
        if field in self.use.fields:
            tree = self.use.fields[field]
        elif field == "from" and self.use.sources:
            tree = self.use.sources[0]
        elif field == "share" and self.use.share:
            tree = self.use.share
        return origin(tree)


class Group(Fields):
    """A level of the paths: a block, a named repeat or branch, a group.

    `output` is the node whose result is the group's.  `fields` are a block's, with their values.
    `word` is that of its statement: the rounds of a repeat have one and the same.
    """

    path: str
    type: str
    output: int
    note: str = ""
    fields: str = ""
    word: Scalar | None = None


#: What holds of every network of a `deployed` spec; `Graph.deployed` has the figures of one.
AS_DEPLOYED = (
    "As deployed: batch normalisations are folded into the layers before, wherever they can be."
)


class Options(NamedTuple):
    """What was given beside the spec: values of constants and symbols, and shapes of inputs."""

    settings: Mapping[str, str]
    inputs: Mapping[str, str]


class UnequalRoundsError(Exception):
    """AlikeRounds of a repeat of which it is not known that they are alike.

    Of a `statement` all but the first one may be.
    """

    def __init__(self, statement: tuple[str, object] | None = None) -> None:
        super().__init__()
        self.statement = statement


class AlikeRounds(NamedTuple):
    """Nodes from `first` to before `end` that stand for `times` rounds of a repeat, all alike.

    What flows into the first round is the result of the node `entry`, of any round that of `out`.
    """

    first: int
    end: int
    times: Dim
    statement: tuple[str, object]
    entry: int
    out: int


class Alike(NamedTuple):
    """What of a network stands for several rounds of repeats; inner ones before outer ones.

    `steps` are those of the expansion, all rounds counted.  `numbered` are the paths of what has a
    number for a name that depends on how many rounds there are, or stands in such a round;
    `later` are those of them that stand after the first round.
    """

    rounds: tuple[AlikeRounds, ...]
    steps: Dim
    numbered: frozenset[str]
    later: frozenset[str]


class Graph(NamedTuple):
    """A network, wired.  `outputs` are indices of nodes; `groups` is by path.

    `symbols` are the names without a value; `options` what it was wired with.  With `problems` it
    is a torso, good only for `compute_report`, which raises them all.  `deployed` says what was
    done to it after it was wired.  `alike` tells where numbers of rounds are recorded.
    """

    spec: NetSpec
    nodes: tuple[Node, ...]
    groups: dict[str, Group]
    outputs: tuple[int, ...]
    expected: dict[str, Dim]
    symbols: tuple[str, ...] = ()
    options: Options = Options({}, {})
    problems: tuple[Problem, ...] = ()
    deployed: tuple[str, ...] = ()
    alike: Alike | None = None

    def __repr__(self) -> str:
        return f"<Graph {self.spec.name[:100]}: {len(self.nodes)} layers>"

    def names(self) -> tuple[str, ...]:
        """Return the names of the layers and of the levels that they stand in."""
        paths = (node.path.split("/") for node in self.nodes)
        levels = ("/".join(path[:end]) for path in paths for end in range(1, len(path) + 1))
        return tuple(dict.fromkeys(levels))

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a file's reader says, and doubts: shapes of inputs, and sizes, meant otherwise."""
        from shapecalc.spec.doubts import own_channels, remark, remark_on_product, remarks_on_rims

        known = {node.path: node.layer for node in self.nodes if isinstance(node.layer, Input)}
        remarks = []
        for entry in self.spec.inputs:
            given = not self.options.inputs.keys().isdisjoint({entry.name, ""})
            layer = known.get(entry.name)
            if layer is not None and (given or not entry.plain):
                what = "input" if entry.name == "input" else f"input {entry.name}"
                own = [getattr(extent, "text", "") for extent in entry.extents]
                channels = own_channels(own) if given else None
                remarks.append(remark(what, layer.shape, channels))
        products = {
            id(tree): remark_on_product(node.path, field, tree.text)
            for node in reversed(self.nodes)
            for field, tree in (node.use.fields if node.use else {}).items()
            if isinstance(tree, Scalar) and "*" in tree.text
        }
        return (
            *self.partial,
            *self.spec.source.remarks,
            *filter(None, remarks),
            *filter(None, reversed(products.values())),
            *filter(None, self._remarks_on_words()),
            *remarks_on_rims(self.symbols, [node.layer for node in self.nodes]),
        )

    @property
    def partial(self) -> tuple[str, ...]:
        """Say which operations no rule is known of, and how often they are there."""
        without: dict[str, int] = {}
        for node in self.nodes:
            if getattr(node.layer, "type", "") == OPAQUE:
                word = node.layer.op  # type: ignore[union-attr]
                without[word] = without.get(word, 0) + 1
        if not without:
            return ()
        from shapecalc.readers import PARTIAL
        from shapecalc.text.words import listed

        names = listed([f"{count} {word}" for word, count in without.items()])
        return (f"{PARTIAL}{names} without a rule; totals are those of all other layers, at least",)

    def _remarks_on_words(self) -> Iterator[str]:
        """Yield doubts about words of papers, once each, and one on paddings that none says."""
        from shapecalc.spec.doubts import remark_on_filters_first, remark_on_padding

        doubted: set[str] = set()
        padded: dict[str, str] = {}
        for node in self.nodes:
            use = node.use
            if use is None or not use.implied or use.word.text in doubted:
                continue
            doubted.add(use.word.text)
            says = [getattr(use.fields.get(name), "text", "") for name in ("kernel", "filters")]
            yield remark_on_filters_first(node.path, use.word.text, *says)
            default = self.spec.defaults.get(use.type)
            if use.fields.keys() | (default.items.keys() if default else ()) >= {"pad"}:
                continue
            doubt = remark_on_padding(node.path, use.word.text, use.type, says[0])
            padded.setdefault(use.type if doubt else "", doubt)
        yield from padded.values()

    def valueless(self) -> str:
        """Say which symbols have no value."""
        verb = "has" if len(self.symbols) == 1 else "have"
        return f"{' and '.join(self.symbols)} {verb} no value"


def done_to(spec: NetSpec) -> tuple[str, ...]:
    """Say what is done to every network that is wired of a spec."""
    return (AS_DEPLOYED,) if spec.deployed else ()


def without_values(graph: Graph, what: str) -> tuple[Problem, ...]:
    """Complain about symbols where `what` needs numbers."""
    if not graph.symbols:
        return ()
    message = f"{graph.spec.name}: {what} needs numbers, but {graph.valueless()}"
    hint = "give them values: " + " ".join(f"--set {name}=224" for name in graph.symbols)
    return (Problem("E121", message, Origin(graph.spec.source), hint=hint),)
