"""The walk over the statements: blocks, repeats and branches expanded, edits applied."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from shapecalc.errors import Problem
from shapecalc.graph import UnequalRoundsError
from shapecalc.graph.draft import Draft, DrawnRounds, Expansion, Level, NamedSource
from shapecalc.graph.scope import Argument, Scope, Scoped
from shapecalc.layers import BUILT_IN_BLOCKS, JOINS, is_layer, layer_class
from shapecalc.spec import FIRST_FIELD, Fields
from shapecalc.text import Scalar, Source, origin, scalar
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.graph.built_in import BuiltIns
    from shapecalc.graph.conditions import Conditions
    from shapecalc.graph.constants import Constants
    from shapecalc.graph.count_steps import StepCount
    from shapecalc.graph.draft import Builder, Wire
    from shapecalc.graph.edits import Edits
    from shapecalc.layers.base import Layer
    from shapecalc.spec import Branch, Edit, NetSpec, Use
    from shapecalc.text import Tree

#: A spec may expand to so many layers; also to so many rounds of repeats and blocks.
MAX_LAYERS = 500_000
#: After so many steps, and before a repeat of so many rounds, what is to come is counted.
COUNTED_FROM = 5000
COUNTED_ROUNDS = 100
#: What is beyond this is not written out.
COUNTED_TO = 10**15
#: Blocks, groups and repeats may stand inside each other so deep.
MAX_NESTING = 60
#: What named levels count as: nothing else is called so, so they are counted with nothing.
NAMED_LEVEL = "\0"
#: What a join is that conditions leave one branch: no word of the language, so no block's name.
LONE_BRANCH = "\0branch"
#: The condition of a branch that does not hold.
ABSENT = scalar("false", Source("", ""))
#: The path of a level may have so many characters.
MAX_PATH = 1000


class Position(Fields):
    """Where the walk stands."""

    names: Level
    scope: Scope
    blocks: tuple[str, ...] = ()
    depth: int = 0
    inserted: bool = False  # by an edit into this very level: named after the base's layers
    edition: int = 0  # which file's text this is; only later files' edits apply
    trained: bool | None = None  # what the innermost statement around says of training, if any
    passed: Mapping[str, Wire] = {}  # what flows into a built-in block besides, by its names there


def names_in(uses: Iterable[Use]) -> set[str]:
    """Return the names that statements give in their own level: no automatic one may be so."""
    names: set[str] = set()
    for use in uses:
        if use.name is not None:
            names.add(use.name.text)
        elif use.branches:
            names |= names_in_branches(use.branches)
    return names


def names_in_branches(branches: Iterable[Branch]) -> set[str]:
    """Return those of branches: named ones are levels, the others belong to the level around."""
    names: set[str] = set()
    for branch in branches:
        names |= names_in(branch.uses) if branch.name is None else {branch.name.text}
    return names


def is_conditional(use: Use) -> bool:
    """Tell whether a statement or one of its branches has a condition."""
    if not use.branches:
        return use.condition is not None
    return use.condition is not None or any(branch.condition is not None for branch in use.branches)


def _fields_of(kind: str) -> list[str]:
    """Return the fields of a layer type, or of a block that needs no definition."""
    if kind in BUILT_IN_BLOCKS:
        from shapecalc.spec.built_in import BLOCKS

        return [field.name for field in BLOCKS[kind].fields()]
    return [field.name for field in layer_class(kind).fields()]


def _name_of(member: Draft | Level) -> Scalar | None:
    """Return where a member got its name: from a statement's own, or from its word."""
    return (member.use.name or member.use.word) if member.use else None


class TooManyError(Exception):
    """The network grows beyond the limits."""


class Walk:
    """Expands the statements of one spec into drafts."""

    def __init__(
        self,
        expansion: Expansion,
        spec: NetSpec,
        constants: Constants,
        builder: Builder,
        conditions: Conditions,
    ) -> None:
        self.expansion = expansion
        self.spec = spec
        self.constants = constants
        self.builder = builder
        self.conditions = conditions
        self.steps = 0
        self.unwritten: Dim = 0  # steps of rounds that others stand for
        self.layers: dict[str, type[Layer] | None] = {}
        self.inner: dict[tuple[int, object], tuple[Use, object]] = {}
        self.is_edited = any(spec.edits)

    def step(self, use: Use) -> None:
        """Count one more layer or round; give up politely when there are too many."""
        self.steps += 1
        if self.steps == COUNTED_FROM:
            from shapecalc.graph.count_steps import StepCount  # few networks are so large

            counted = StepCount(self.spec, self.constants.scope, MAX_LAYERS)
            self.must_be_few(counted.sequence(self.spec.uses, self.constants.scope), use, counted)
        if self.steps > MAX_LAYERS:
            self.must_be_few(self.steps, use)

    def must_be_few(self, steps: int, use: Use, counted: StepCount | None = None) -> None:
        """Give up where the network has more layers and rounds than are allowed."""
        if steps <= MAX_LAYERS:
            return
        culprit = (counted and counted.culprit) or use
        exact = counted is not None and counted.exact and steps <= COUNTED_TO
        size = f"{steps:,}" if exact else f"more than {min(steps - 1, COUNTED_TO):,}"
        self.expansion.problems.add(
            Problem(
                "E153",
                f"the network grows to {size} layers and rounds of repeats",
                origin(culprit.fields.get("times", culprit.word)),
                rule=f"at most {MAX_LAYERS:,}",
                hint="are the numbers of the repeats right?",
            )
        )
        raise TooManyError

    def sequence(self, uses: tuple[Use, ...], flow: Wire | None, position: Position) -> Wire | None:
        """Expand statements one after the other; return what flows out."""
        for use in uses:
            flow = self.statement(use, flow, position)
        return flow

    def statement(self, use: Use, flow: Wire | None, position: Position) -> Wire | None:
        """Expand one statement, after the edits that address it."""
        self.step(use)
        chosen: Use | None = use
        if is_conditional(use):
            chosen = self.chosen(use, flow, position)
            if use.name is None and chosen is None:
                return flow
            if use.name is None and chosen is not None and chosen.type == LONE_BRANCH:
                return self.named(chosen, "", "", flow, position)
        if use.type == "repeat" and use.name is None:
            if use.share is not None:
                message = "a repeat without a name cannot share weights"
                self.expansion.complain("E111", message, use.share, "give it a name")
            position = self.training(use, flow, position)
            return self.repeat(use, self.source(use, flow, position), position, None)
        cls = self.layer_of(use)
        stem = cls.stem if cls is not None else NAMED_LEVEL if use.name is not None else use.type
        name = self.name(use, stem, position, counts=chosen is not None)
        if self.is_edited and name:
            edits = self.edits.of(position.names.prefix + name, position.edition)
            if edits:
                return self.edited(use, name, stem, flow, position, edits)
        return self.if_there(chosen, name, stem, flow, position)

    def layer_of(self, use: Use) -> type[Layer] | None:
        """Return the layer type that a statement's word means, and not one of the spec's blocks."""
        if use.own:
            return layer_class(use.type) if is_layer(use.type, ()) else None
        if use.type not in self.layers:
            known = is_layer(use.type, self.spec.blocks)
            self.layers[use.type] = layer_class(use.type) if known else None
        return self.layers[use.type]

    def edited(
        self,
        use: Use,
        name: str,
        stem: str,
        flow: Wire | None,
        position: Position,
        edits: list[tuple[int, Edit]],
    ) -> Wire | None:
        """Expand a statement with what edits do to it and insert around it."""
        for edition, edit in edits:
            flow = self.insert(edit.before, flow, position, edition)
        if any(edit.remove for _, edit in edits):
            position.names.removed.add(name)
        else:
            for _, edit in edits:
                use = self.edits.applied(use, edit)
            chosen = self.chosen(use, flow, position) if is_conditional(use) else use
            flow = self.if_there(chosen, name, stem, flow, position)
        for edition, edit in edits:
            flow = self.insert(edit.after, flow, position, edition)
        return flow

    def if_there(
        self, use: Use | None, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand a statement that has its name, or note that its condition does not hold."""
        if use is not None:
            return self.named(use, name, stem, flow, position)
        position.names.absent.add(name)
        return flow

    def chosen(self, use: Use, flow: Wire | None, position: Position) -> Use | None:
        """Decide the conditions of a statement and of its branches; None: it is not there.

        A join that they leave one operand is none: what is left is that branch.
        """
        into = self.wire(use.sources[0], flow, position) if use.sources else flow
        place = self.place(position, [into])
        if not self.conditions.holds(use.condition, use.type, place):
            return None
        what = f"a branch of {use.type}"
        branches = tuple(
            branch._replace(
                condition=None if self.conditions.holds(branch.condition, what, place) else ABSENT
            )
            for branch in use.branches
        )
        use = use._replace(condition=None, branches=branches)
        left = len(branches) - sum(branch.condition is ABSENT for branch in branches)
        if left == len(branches):
            return use
        if use.type not in JOINS:
            return use if left else None
        if left == 0:
            message = f"no operand is left of this {use.type}: no condition of a branch holds"
            hint = "give the join itself the condition, or add a branch; [] is the identity"
            self.expansion.complain("E207", message, use.word, hint)
            return use._replace(sound=False)
        return use._replace(type=LONE_BRANCH) if left == 1 else use

    def insert(
        self, uses: tuple[Use, ...], flow: Wire | None, position: Position, edition: int
    ) -> Wire | None:
        """Expand the statements that an edit inserts."""
        return self.sequence(uses, flow, position._replace(inserted=True, edition=edition))

    def name(self, use: Use, stem: str, position: Position, *, counts: bool) -> str:
        """Return the statement's name, counting its kind; empty when it is to be named later.

        What is not there does not count.
        """
        if position.inserted or not counts:
            return use.name.text if use.name else ""
        number = position.names.counts.get(stem, 0) + 1
        position.names.counts[stem] = number
        return use.name.text if use.name else position.names.free_name(stem, number)

    def enter(
        self, member: Draft | Level, name: str, stem: str, names: Level, use: Use | None
    ) -> None:
        """Enter a member into its level under its name."""
        if not name:
            names.nameless.append((member, stem))
            return
        member.name = name
        if name in names.members:
            first = _name_of(names.members[name])
            message = f"two layers are named '{names.prefix}{name}'"
            if first is not None:
                span = origin(first).span
                message += f", the first in line {span.line + 1}" if span else ""
            at = (use.name or use.word) if use else None
            hint = "names are unique in their scope; rename one"
            if use is not None and use.name is not None and first is use.name:
                hint = "give the repeat a name: its rounds then have paths of their own"
            elif use is not None and use.name is None:
                hint = f"'{name}' is the base's automatic name; give what is inserted another one"
            self.expansion.complain("E152", message, at, hint)
            return
        names.members[name] = member

    def named(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand a statement that has its name."""
        kind = use.type
        position = self.training(use, flow, position)
        if use.inherit is not None:
            use = self.inheriting(use, use.inherit, position)
        if self.layer_of(use) is not None:
            expand = self.join if kind in JOINS else self.layer
            return expand(use, name, stem, flow, position)
        if kind in BUILT_IN_BLOCKS and kind not in self.spec.blocks:
            return self.built_in(use, name, stem, flow, position)
        before, flow = flow, self.source(use, flow, position)
        if kind == "repeat":
            return self.repeat(use, flow, position, name)
        if kind == "side":
            level = self.level(use, name, stem, position) if use.name else position.names
            inside = position._replace(names=level)
            ends = self.branches(use, flow, inside)
            if use.name is not None:
                level.out = next((end for end in reversed(ends) if end is not None), None)
                level.last = len(self.expansion.drafts)
                level.close()
            return before  # the flow goes on unchanged, wherever the branches begin
        if kind == LONE_BRANCH:
            return self.lone_branch(use, name, stem, flow, position)
        if kind == "group":
            level = self.level(use, name, stem, position)
            self.may_share(level, use, position)
            return self.within(level, use.branches[0].uses, flow, position._replace(names=level))
        return self.block(use, name, stem, flow, position)

    def inheriting(self, use: Use, inherit: Tree, position: Position) -> Use:
        """Give a statement those fields of the block around that it takes and does not set."""
        around = self.spec.blocks.get(position.blocks[-1]) if position.blocks else None
        if around is None:
            message = f"{use.type}: no block stands around, whose fields it could inherit"
            self.expansion.complain("E111", message, inherit, "give its fields here")
            return use
        block = self.spec.blocks.get(use.type)
        takes = set(block.fields if block else _fields_of(use.type))
        first = next(iter(block.fields), "") if block and FIRST_FIELD in use.fields else ""
        handed = {
            name: scalar(name, Source("", ""))._replace(
                source=inherit.source, start=inherit.start, length=inherit.length
            )
            for name in (*around.fields, *around.let)
            if name in takes and name not in use.fields and name != first
        }
        return use._replace(fields={**handed, **use.fields}, literal=None)

    def training(self, use: Use, flow: Wire | None, position: Position) -> Position:
        """Note what a statement says of training, which holds for all that is in it."""
        if use.trainable is None:
            return position
        stated = self.builder.flag(use.trainable, use.type, self.place(position, [flow]))
        return position._replace(trained=stated)

    def level(
        self, use: Use | None, name: str, stem: str, position: Position, type_: str = ""
    ) -> Level:
        """Open a level of the paths."""
        names = Level(position.names, type_ or (use.type if use else "branch"), use)
        self.expansion.levels.append(names)
        names.first = len(self.expansion.drafts)
        names.taken |= names_in_branches(use.branches if use else ())
        self.enter(names, name, stem, position.names, use)
        if len(names.prefix) > MAX_PATH:
            message = f"a layer's path grows beyond {MAX_PATH} characters"
            at = use.word if use else None
            self.expansion.complain("E117", message, at, "use shorter names, or nest less deeply")
            raise TooManyError
        return names

    def deeper(self, uses: tuple[Use, ...], position: Position) -> Position:
        """Go one level in; give up politely when that is too deep."""
        if position.depth >= MAX_NESTING:
            at = uses[0].word if uses else None
            message = f"blocks, branches and repeats stand more than {MAX_NESTING} deep"
            self.expansion.complain("E103", message, at, "nest less deeply")
            raise TooManyError
        return position._replace(depth=position.depth + 1)

    def within(
        self, level: Level, uses: tuple[Use, ...], flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand statements inside a level, and close it."""
        level.taken |= names_in(uses)
        inside = self.deeper(uses, position)._replace(names=level, inserted=False)
        level.out = self.sequence(uses, flow, inside)
        level.last = len(self.expansion.drafts)
        level.close()
        return level.out

    def branch(self, branch: Branch, flow: Wire | None, position: Position) -> Wire | None:
        """Expand a branch: a named one is a level, an unnamed one is not."""
        if branch.name is None:
            return self.sequence(branch.uses, flow, self.deeper(branch.uses, position))
        level = Level(position.names, "branch")
        self.expansion.levels.append(level)
        level.first = len(self.expansion.drafts)
        name = branch.name.text
        level.name = name
        if name in position.names.members:
            self.expansion.complain(
                "E152",
                f"two layers are named '{position.names.prefix}{name}'",
                branch.name,
                "names are unique in their scope; rename one",
            )
        position.names.members[name] = level
        return self.within(level, branch.uses, flow, position)

    def branches(self, use: Use, flow: Wire | None, position: Position) -> list[Wire | None]:
        """Expand the branches of a statement that are there."""
        position.names.absent |= {
            branch.name.text
            for branch in use.branches
            if branch.condition is ABSENT and branch.name
        }
        there = [branch for branch in use.branches if branch.condition is not ABSENT]
        return [self.branch(branch, flow, position) for branch in there]

    def lone_branch(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand the one branch that is left of a join, in whose place it stands."""
        if use.name is None:
            return self.branches(use, flow, position)[0]
        level = self.level(use, name, stem, position, "branch")
        (level.out,) = self.branches(use, flow, position._replace(names=level))
        level.last = len(self.expansion.drafts)
        level.close()
        return level.out

    def repeat(
        self, use: Use, flow: Wire | None, position: Position, name: str | None
    ) -> Wire | None:
        """Expand the rounds of a repeat."""
        place = self.place(position, [flow])
        from shapecalc.graph.rounds import rounds_of  # most networks repeat nothing

        count, rounds = rounds_of(use, place, self.expansion, self.constants)
        uses = use.branches[0].uses if use.branches else ()
        if not isinstance(count, int):
            return self.alike(use, count, rounds, flow, position, name)
        if count > COUNTED_ROUNDS:
            from shapecalc.graph.count_steps import StepCount

            counted = StepCount(self.spec, self.constants.scope, MAX_LAYERS)
            self.must_be_few(self.steps + counted.rounds(use, position.scope, ()), use, counted)
        if name is None:
            inside = self.deeper(uses, position) if count else position
            for bound in rounds:
                flow = self.round(use, bound, flow, inside)
            return flow
        outer = self.level(use, name, "repeat", position)
        self.may_share(outer, use, position)
        inside = position._replace(names=outer)
        for number, bound in enumerate(rounds, 1):
            flow = self.round(use, bound, flow, inside, str(number))
        outer.out = flow
        outer.last = len(self.expansion.drafts)
        return flow

    def round(
        self,
        use: Use,
        bound: Mapping[str, Dim | Argument],
        flow: Wire | None,
        position: Position,
        number: str = "",
    ) -> Wire | None:
        """Expand a round of a repeat; one with a number is a level."""
        self.step(use)
        uses = use.branches[0].uses if use.branches else ()
        inside = position
        if bound:
            inside = position._replace(scope=Scope(dict(bound), position.scope))
        if not number:
            return self.sequence(uses, flow, inside)
        level = self.level(None, number, "", inside, "round")
        return self.within(level, uses, flow, inside._replace(names=level))

    def must_be_free(self, use: Use, flow: Wire | None, level: Level, name: str | None) -> None:
        """Require that nothing means a layer of a repeat, or one behind it, by a name of its own.

        Raises `UnequalRoundsError`.
        """
        uses = use.branches[0].uses if use.branches else ()
        prefix = level.prefix if name is None else f"{level.prefix}{name}/"
        if flow is None or (name is None and names_in(uses)) or 2 * len(prefix) > MAX_PATH:
            raise UnequalRoundsError
        known = level.members if name is None else ()
        for path in self.edits.by_path:
            if path.startswith(prefix) and path[len(prefix) :].partition("/")[0] not in known:
                raise UnequalRoundsError

    def alike(
        self,
        use: Use,
        times: Dim,
        rounds: Iterable[Mapping[str, Dim | Argument]],
        flow: Wire | None,
        position: Position,
        name: str | None,
    ) -> Wire | None:
        """Expand the rounds that stand for recorded many; of these the last is for all alike."""
        from shapecalc.graph.alike import statement_of

        self.must_be_free(use, flow, position.names, name)
        uses = use.branches[0].uses if use.branches else ()
        inside = self.deeper(uses, position)
        if name is not None:
            inside = inside._replace(names=self.level(use, name, "repeat", position))
            self.may_share(inside.names, use, position)
        level, drafts, listed = inside.names, self.expansion.drafts, [*rounds]
        level.settle(self.expansion)
        for number, bound in enumerate(listed, 1):
            entry, first, steps, unwritten = flow, len(drafts), self.steps, self.unwritten
            flow = self.round(use, bound, flow, inside, str(number) if name is not None else "")
            if level.first_round is None:
                level.first_round = frozenset(level.members)
        times = times - (len(listed) - 1)
        written = self.steps - steps
        all_ = (written + self.unwritten - unwritten) * times
        self.unwritten = unwritten + all_ - written
        if len(drafts) > first:
            assert entry is not None
            assert flow is not None
            self.expansion.rounds.append(
                DrawnRounds(first, len(drafts), times, statement_of(use), entry, flow, level)
            )
        if name is not None:
            level.out = flow
            level.last = len(drafts)
        return flow

    def block(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand the use of a block."""
        block = self.spec.blocks.get(use.type)
        if block is None:  # its definition was complained about
            level = self.level(use, name, stem, position)
            level.out = self.expansion.nowhere()
            return level.out
        if use.type in position.blocks:
            circle = " -> ".join([*position.blocks[position.blocks.index(use.type) :], use.type])
            message = f"blocks use each other in a circle: {circle}"
            hint = "a block cannot hold itself; use repeat for what recurs"
            self.expansion.complain("E118", message, use.word, hint)
            return flow
        place = self.place(position, [flow])
        bound: dict[str, Dim | Argument] = {}
        for field, tree in use.fields.items():
            key = next(iter(block.fields), "") if field == FIRST_FIELD else field
            if not key:
                hint = f"write `- {use.type}`"
                self.expansion.complain("E110", f"{use.type} takes no value", use.word, hint)
            elif key not in block.fields:
                takes = list(block.fields)
                hint = did_you_mean(field, takes) or (
                    f"{use.type} takes " + ", ".join(takes) if takes else f"{use.type} takes none"
                )
                self.expansion.complain(
                    "E111",
                    f"{use.type} has no field '{key}'",
                    use.keys.get(field, use.word),
                    hint,
                )
            else:
                bound[key] = Argument(tree, place)
        inside = Scope(bound, self.constants.scope, self.alike_inside(use, position.scope))
        # In a default a constant comes first, and then another field.
        of_default = Scoped(Scope(self.constants.scope.bound, inside), flow, flow)
        missing = []
        for key, default in block.fields.items():
            if key not in bound:
                if default is None:
                    missing.append(key)
                else:
                    bound[key] = Argument(default, of_default)
        level = self.level(use, name, stem, position)
        level.input = flow
        level.fields = {key: bound[key] for key in block.fields if key in bound}
        for key, tree in block.let.items():
            bound[key] = Argument(tree, Scoped(inside, flow, flow))
        self.may_share(level, use, position)
        if missing:
            self.expansion.complain(
                "E113",
                f"{use.type} needs {', '.join(missing)}",
                use.word,
                f"{use.type}: {{{', '.join(f'{key}: ...' for key in missing)}}}",
            )
            level.out = self.expansion.nowhere()
            return level.out
        within = position._replace(names=level, scope=inside, blocks=(*position.blocks, use.type))
        return self.within(level, block.uses, flow, within)

    def alike_inside(self, use: Use, scope: Scope) -> object | None:
        """Return what the scopes inside a block have in common that one statement uses in `scope`.

        The statement is kept, since it is known by its place in memory.
        """
        if scope.alike is None:
            return None
        return self.inner.setdefault((id(use), scope.alike), (use, object()))[1]

    def built_in(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand the use of a built-in block, which may take several inputs."""
        sources = use.sources or ()
        level = self.level(use, name, stem, position)
        self.may_share(level, use, position)
        wires = [self.wire(source, flow, position) for source in sources] or [flow]
        level.input = wires[0]
        made = self.built_ins.expanded(use, wires, self.place(position, wires))
        if made is None:
            level.out = self.expansion.nowhere()
            return level.out
        uses, scope, level.fields, passed = made
        inside = position._replace(names=level, scope=scope, passed=passed)
        return self.within(level, uses, wires[0], inside)

    @cached_property
    def edits(self) -> Edits:
        """What a spec that extends another changes of it; few do."""
        from shapecalc.graph.edits import Edits

        return Edits(self.expansion, self.spec)

    @cached_property
    def built_ins(self) -> BuiltIns:
        """What expands built-in blocks, which few networks use."""
        from shapecalc.graph.built_in import BuiltIns

        return BuiltIns(self.builder, self.constants.scope, self.conditions.extent)

    def join(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand a join: its branches first, or the layers that it names."""
        operands: list[Wire | None]
        if use.branches and use.sources and len(use.sources) > 1:
            message = f"{use.type} has branches and names operands; it joins either"
            hint = "make a branch of each operand: [identity: {from: NAME}]"
            self.expansion.complain("E203", message, use.sources[0], hint)
            use = use._replace(sources=None)
        if use.branches:
            flow = self.source(use, flow, position)
            level = position.names
            if use.name is not None:
                level = self.level(use, name, stem, position)
            inside = position._replace(names=level)
            operands = self.branches(use, flow, inside)
            if level is not position.names:  # the join itself bears the name of the level
                draft = self.draft(use, operands, position, position.names)
                draft.name = level.name
                level.out = draft
                level.last = len(self.expansion.drafts)
                level.close()
                return draft
        else:
            operands = [self.wire(name, flow, position) for name in use.sources or ()]
            if not use.sources and use.fields:  # constants, and what flows in
                operands = [flow]
        draft = self.draft(use, operands, position, position.names)
        self.enter(draft, name, stem, position.names, use)
        return draft

    def layer(
        self, use: Use, name: str, stem: str, flow: Wire | None, position: Position
    ) -> Wire | None:
        """Expand a layer."""
        inputs = [flow] if layer_class(use.type).inputs != 0 else []
        if use.sources:
            inputs = [self.wire(source, flow, position) for source in use.sources]
        draft = self.draft(use, inputs, position, position.names)
        self.enter(draft, name, stem, position.names, use)
        self.may_share(draft, use, position)
        return draft

    def may_share(self, member: Draft | Level, use: Use, position: Position) -> None:
        """Note that a layer or a level uses another one's weights."""
        if use.share is not None:
            self.expansion.shares.append((member, use.share, position.names))

    def draft(self, use: Use, inputs: list[Wire | None], position: Position, names: Level) -> Draft:
        wires = tuple([wire or self.dry(use) for wire in inputs])
        like = self.like(use, position)
        made = self.builder.known(use, position.scope) or self.builder.make(
            use, self.place(position, wires), like
        )
        draft = Draft(names, use, made)
        draft.stated = position.trained
        draft.like = like
        draft.trained = self.builder.trains(use, position.trained)
        draft.inputs = wires
        self.expansion.drafts.append(draft)
        return draft

    def place(self, position: Position, wires: Sequence[Wire | None]) -> Scoped:
        """Say of what the words in a field speak: what flows in, and what enters the block."""
        return Scoped(position.scope, wires[0] if wires else None, position.names.input)

    def like(self, use: Use, position: Position) -> Wire | None:
        """Return the layer whose sides a layer is to have, where it names one."""
        tree = use.fields.get("like")
        if not isinstance(tree, Scalar) or not tree.text:
            return None
        return NamedSource(tree, position.names)

    def dry(self, use: Use) -> Wire:
        """Complain that nothing flows into a layer."""
        known = ", ".join(entry.name for entry in self.spec.inputs)
        if known:  # that there is no input at all was complained about
            self.expansion.complain(
                "E155",
                f"nothing flows into this {use.type}",
                use.word,
                f"say what with `from:`; the inputs are {known}",
            )
        return self.expansion.nowhere()

    def source(self, use: Use, flow: Wire | None, position: Position) -> Wire | None:
        """Return what flows into a statement: the layer before, or what `from` names."""
        if not use.sources:
            return flow
        if len(use.sources) > 1:
            self.expansion.complain(
                "E207",
                f"{use.type} takes one input, but from names {len(use.sources)}",
                use.sources[1],
                "join them first with concat, add or multiply",
            )
        return self.wire(use.sources[0], flow, position)

    def wire(self, reference: Scalar, flow: Wire | None, position: Position) -> Wire | None:
        if reference.text == ".":
            return flow
        return position.passed.get(reference.text) or NamedSource(reference, position.names)
