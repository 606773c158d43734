"""A `NetSpec` to a `Graph`: blocks and repeats expanded, names resolved, layers in order.

Expansion walks the statements once and leaves drafts: layers whose inputs are wires.  A wire is a
layer's output, or a name still to be looked up; so a name may point forward, and a block without
layers passes its input on.  When everything has its name, wires are followed to their layers.

    constants.py          constants, symbols and inputs, the rounds of repeats
    expand_statements.py  statements to drafts, after their edits (edits.py)
    draft.py              a statement's fields to a layer
    expand.py             names to layers
"""

from __future__ import annotations

from itertools import chain, dropwhile, pairwise
from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph import Graph, Group, Node, Options, UnequalRoundsError
from shapecalc.graph.conditions import Conditions
from shapecalc.graph.constants import Constants
from shapecalc.graph.draft import Builder, Draft, Expansion, Level, NamedSource
from shapecalc.graph.expand_statements import Position, TooManyError, Walk, names_in
from shapecalc.graph.scope import value_text
from shapecalc.text import collector_paused, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.graph.draft import Wire
    from shapecalc.spec import NetSpec
    from shapecalc.text import Scalar


@collector_paused
def expand(
    spec: NetSpec,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    symbol: Callable[[str], Dim] | None = None,
    apart: Collection[object] | None = None,
) -> Graph:
    """Wire a spec.

    `settings` gives constants and symbols other values (`--set`), `inputs` other shapes
    (`--input`; the key is empty when the network has one input).  `symbol` makes what stands for a
    name without a value, if that is no expression.  What is wrong stands in the graph's `problems`.
    Raises `SpecErrors` when there is no graph: layers that feed each other, or too many of them.
    Numbers of rounds, too, may be recorded where `apart` holds the repeats whose first round is
    not like the others; that raises `alike.UnequalRoundsError` where it may not do.
    """
    expansion = Expansion(spec.problems)
    try:
        return _expanded(expansion, spec, Options(settings or {}, inputs or {}), symbol, apart)
    except SpecErrors:
        if not expansion.counting:
            raise
        raise UnequalRoundsError from None


def _expanded(
    expansion: Expansion,
    spec: NetSpec,
    options: Options,
    symbol: Callable[[str], Dim] | None,
    apart: Collection[object] | None,
) -> Graph:
    """Wire a spec with what `expand` was given."""
    resolver = Resolver(expansion, tuple(entry.name for entry in spec.inputs))
    constants = Constants(expansion, spec, *options, symbol, apart)
    builder = Builder(expansion, spec, constants.scope, resolver.source_of)
    conditions = Conditions(expansion, resolver.met, resolver.source_of)
    walk = Walk(expansion, spec, constants, builder, conditions)
    root = Level(None, "network")
    flow = constants.inputs(root)
    root.taken |= root.members.keys() | names_in(spec.uses)
    try:
        walk.sequence(spec.uses, flow, Position(root, constants.scope))
    except TooManyError:
        raise SpecErrors(expansion.problems.in_order()) from None
    root.close()
    if walk.is_edited:
        walk.edits.complain_of_unmatched()
    for draft in expansion.drafts:
        for wire in draft.inputs if draft.like is None else (*draft.inputs, draft.like):
            resolver.source_of(wire)
    conditions.must_be_final()
    resolver.share()
    expected = constants.expectations()
    outputs = resolver.outputs(spec.outputs, root) if spec.outputs is not None else None
    nodes = _nodes(expansion, resolver)
    if outputs is None:
        read = {index for node in nodes for index in node.inputs}
        ends = tuple(index for index in range(len(nodes)) if index not in read)
    else:
        ends = tuple(draft.index for draft in outputs)
    graph = Graph(
        spec=spec,
        nodes=nodes,
        groups=resolver.groups(),
        outputs=ends,
        expected=expected,
        symbols=constants.symbols,
        options=options,
        problems=tuple(expansion.problems),
    )
    if expansion.rounds:
        from shapecalc.graph.alike import alike  # few networks are recorded

        steps = walk.steps + walk.unwritten
        graph = graph._replace(alike=alike(expansion, spec, resolver.source_of, steps))
    if not builder.deferred:  # then nothing is looked up any more
        for level in (root, *expansion.levels):
            level.let_go()
    if not spec.deployed or graph.problems:
        return graph
    from shapecalc.graph.deploy import folded  # few networks are asked for as deployed

    return folded(graph)


def rebuilt(graph: Graph, values: Mapping[str, object]) -> Graph:
    """Wire a graph's spec again, with values for some of its symbols and constants."""
    settings, inputs = graph.options
    return expand(graph.spec, {**settings, **{k: str(v) for k, v in values.items()}}, inputs)


def _weights_of(draft: Draft) -> str:
    """Return the type whose weights a layer has: a table's are a matrix of a row per unit."""
    word = draft.use.type if draft.use else ""
    return "dense" if word == "embedding" else word


def _nodes(expansion: Expansion, resolver: Resolver) -> tuple[Node, ...]:
    """Put drafts in order and make them nodes."""
    drafts = [*expansion.lost, *expansion.drafts]
    ordered = _in_order(drafts, resolver.sources_of)
    if len(ordered) < len(drafts):
        expansion.problems.add(resolver.circle({id(draft) for draft in ordered}))
        raise SpecErrors(expansion.problems.in_order())
    for index, draft in enumerate(ordered):
        draft.index = index
    return tuple(
        [
            Node(
                draft.path,
                draft.layer,
                tuple([resolver.source_of(wire).index for wire in draft.inputs]),
                draft.share.index if draft.share else None,
                draft.use.note if draft.use else "",
                draft.use,
                (draft.share or draft).trained is not False,
            )
            for draft in ordered
        ]
    )


def _in_order(drafts: list[Draft], sources_of: Callable[[Draft], Iterable[Draft]]) -> list[Draft]:
    """Order drafts so that each comes after its sources; leave out what a circle holds up.

    The order of writing is kept wherever it can be: of the drafts that are ready the one written
    first comes first (Kahn 1962, with a heap).
    """
    for index, draft in enumerate(drafts):
        draft.index = index
    if all(source.index < draft.index for draft in drafts for source in sources_of(draft)):
        return drafts
    import heapq  # hardly any spec is written out of order

    waits = [0] * len(drafts)
    readers: list[list[int]] = [[] for _ in drafts]
    for index, draft in enumerate(drafts):
        for source in sources_of(draft):
            readers[source.index].append(index)
            waits[index] += 1
    ready = [index for index, count in enumerate(waits) if count == 0]
    ordered: list[Draft] = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(drafts[index])
        for reader in readers[index]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
    return ordered


_FORWARD = "a network flows forward only"
_OUTER = "a network flows forward only; a name means the nearest layer, `/name` the network's"


class Resolver:
    """Looks names up in what one expansion has drawn up; `inputs` names the network's inputs."""

    def __init__(self, expansion: Expansion, inputs: tuple[str, ...]) -> None:
        self.expansion = expansion
        self.inputs = inputs
        self.paths: dict[str, str] | None = None

    def follow(self, wire: Wire) -> None:
        """Look up what a wire refers to, through references to references."""
        passed: dict[NamedSource, None] = {}
        target: Wire | None = wire
        while isinstance(target, NamedSource) and target.draft is None:
            if target in passed:
                message = f"'{target.word.text}' is fed by itself"
                self.expansion.complain("E151", message, target.word, _FORWARD)
                break
            passed[target] = None
            target = self.look_up(target)
        draft = target.draft if target is not None else None
        for link in passed:
            link.draft = draft or self.expansion.nowhere()

    def look_up(self, reference: NamedSource) -> Wire | None:
        member = self.find(reference.word, reference.names)
        if not isinstance(member, Level):
            return member
        if member.out is None:
            message = f"nothing flows out of '{reference.word.text}'"
            hint = "it holds no layers, and nothing flows into it"
            self.expansion.complain("E155", message, reference.word, hint)
        return member.out

    def find(self, reference: Scalar, names: Level) -> Level | Wire | None:
        """Find what a name means, from the innermost level outward.  Complains when nothing."""
        member, why = self.met(reference, names)
        if member is not None:
            return member
        if why == "removed":
            message = f"'{reference.text}' was removed"
            hint = "name the layer that stood before it, or keep it"
            self.expansion.complain("E150", message, reference, hint)
        elif why == "absent":
            message = f"'{reference.text}' is not there: its condition does not hold"
            hint = "name a layer that is there in any case, or give both the same condition"
            self.expansion.complain("E150", message, reference, hint)
        elif why == "several":
            hint = f"name one: {', '.join(self.inputs)}"
            self.expansion.complain("E150", "there are several inputs", reference, hint)
        else:
            self.unknown_name(reference, names.root if reference.text[0] == "/" else names)
        return None

    def met(self, reference: Scalar, names: Level) -> tuple[Level | Wire | None, str]:
        """Return what a name means by now, or nothing and, in a word, why."""
        text = reference.text
        if text.startswith("/"):
            names, text = names.root, text[1:]
        first, *rest = text.split("/")
        if first == "input" and not rest:
            return names.input, "" if names.input else "several"
        level: Level | None = names
        while level is not None:
            member: Draft | Level | None = level.members.get(first)
            level.must_be_settled(first)
            if first in level.removed or (member is None and first in level.absent):
                return None, "removed" if first in level.removed else "absent"
            for part in rest:
                if not isinstance(member, Level):
                    member = None
                    break
                member.must_be_settled(part)
                if part in member.absent - member.members.keys():
                    return None, "absent"
                member = member.members.get(part)
            if member is not None:
                return member, ""
            level = level.outer
        return None, "unknown"

    def unknown_name(self, reference: Scalar, names: Level) -> None:
        level: Level | None = names
        levels = []
        while level is not None:
            levels.append(level)
            level = level.outer

        def hint() -> str:
            if reference.text in self.inner():
                return f"there is one elsewhere: {self.inner()[reference.text]}"
            known = chain.from_iterable(scope.members for scope in levels)
            paths = (draft.path for draft in self.expansion.drafts if "/" in reference.text)
            near = did_you_mean(reference.text, chain(known, paths))
            return near or "name a layer of this scope or of one around it, `input`, or a path"

        self.expansion.complain(
            "E150", f"there is no layer '{reference.text}' here", reference, hint
        )

    def inner(self) -> dict[str, str]:
        """Return the path of one layer of every name, among those inside of levels."""
        if self.paths is None:
            inner = [draft for draft in reversed(self.expansion.drafts) if draft.names.outer]
            self.paths = {draft.name: draft.path for draft in inner}
        return self.paths

    def source_of(self, wire: Wire) -> Draft:
        if wire.draft is None:
            self.follow(wire)
        assert wire.draft is not None
        return wire.draft

    def sources_of(self, draft: Draft) -> Iterable[Draft]:
        """Return the layers that must come before a layer: what flows in, and what it is like."""
        wires = draft.inputs if draft.like is None else (*draft.inputs, draft.like)
        return map(self.source_of, wires)

    def share(self) -> None:
        """Pair layers that share weights."""
        for member, reference, names in self.expansion.shares:
            owner = self.find(reference, names)
            if owner is None:
                continue
            if any(isinstance(side, Level) and not side.last for side in (member, owner)):
                continue  # a block that lacks a field, and was complained about
            mine, theirs = self.leaves(member), self.leaves(owner)
            if list(map(_weights_of, mine)) != list(map(_weights_of, theirs)):
                message = f"'{member.name}' and '{reference.text}' are not made of the same layers"
                self.expansion.complain("E154", message, reference, "only like can share weights")
                continue
            for draft, partner in zip(mine, theirs, strict=True):
                if self.owner(partner) is draft:
                    what = "itself" if draft is partner else f"'{partner.path}', which uses its own"
                    message = f"'{draft.path}' shares its weights with {what}"
                    self.expansion.complain("E154", message, reference, "one of them must own them")
                    break
                draft.share = partner
        for draft in self.expansion.drafts:
            if self.owner(draft) is not draft:
                self.must_train_alike(draft)

    def must_train_alike(self, draft: Draft) -> None:
        """Complain about a layer that says of weights, which another owns, what that does not.

        What defaults, or the spec, say of all is weaker than what the owner says: it yields.
        """
        owner = draft.share
        assert owner is not None
        trained = owner.trained is not False
        if draft.stated is None or draft.stated is trained or draft.use is None:
            return
        does, states = ("trains", "false") if trained else ("freezes", "true")
        self.expansion.complain(
            "E154",
            f"'{draft.path}' is trainable: {states}, but uses the weights of '{owner.path}', which"
            f" {does} them",
            draft.use.trainable or draft.use.word,
            f"they are the same weights: say `trainable: {states}` of {owner.path}",
        )

    def owner(self, draft: Draft) -> Draft:
        """Return the layer that owns the weights that a layer uses; remember it."""
        borrowers = []
        while draft.share is not None:
            borrowers.append(draft)
            draft = draft.share
        for borrower in borrowers:
            borrower.share = draft
        return draft

    def leaves(self, member: Level | Wire) -> list[Draft]:
        if isinstance(member, Level):
            return self.expansion.drafts[member.first : member.last]
        return [self.source_of(member)]

    def outputs(self, names: tuple[Scalar, ...], root: Level) -> list[Draft]:
        """Find the layers that a spec calls its outputs."""
        drafts = []
        for name in names:
            wire = NamedSource(name, root)
            self.follow(wire)
            drafts.append(self.source_of(wire))
        return drafts

    def circle(self, ordered: set[int]) -> Problem:
        """Describe one circle among the drafts that could not be ordered."""
        held = next(draft for draft in self.expansion.drafts if id(draft) not in ordered)
        walk: dict[Draft, None] = {}
        while held not in walk:
            walk[held] = None
            held = next(draft for draft in self.sources_of(held) if id(draft) not in ordered)
        loop = [*dropwhile(lambda draft: draft is not held, walk), held]
        paths = [draft.path for draft in loop]
        if len(paths) > 8:
            paths[4:-3] = ["…"]
        names = " <- ".join(paths)
        use = loop[0].use
        at = use.word if use else None
        for draft, source in pairwise(loop):  # where one of them names the next
            for wire, name in zip(
                draft.inputs, draft.use.sources or () if draft.use else (), strict=False
            ):
                if self.source_of(wire) is source:
                    at = name
        return Problem(
            "E151",
            f"layers feed each other in a circle: {names}",
            origin(at) if at else None,
            hint=_FORWARD if len(paths) > 2 else _OUTER,
        )

    def groups(self) -> dict[str, Group]:
        """Make the record of every level."""
        groups = {}
        for level in self.expansion.levels:
            inside = self.expansion.drafts[level.first : level.last]
            if level.out is not None:
                output = self.source_of(level.out).index
            elif inside:  # nothing flows out: heads beside a flow that is not there
                output = inside[-1].index
            else:
                continue
            path = level.prefix[:-1]
            note = level.use.note if level.use else ""
            fields = ", ".join(f"{name} {value_text(v)}" for name, v in level.fields.items())
            word = level.use.word if level.use else None
            groups[path] = Group(path, level.type, output, note, fields, word)
        return groups
