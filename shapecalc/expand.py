"""A `NetSpec` to a `Graph`: blocks and repeats expanded, names resolved, layers in order.

Expansion walks the statements once and leaves drafts: layers whose inputs are wires.  A wire is a
layer's output, or a name still to be looked up; so a name may point forward, and a block without
layers passes its input on.  When everything has its name, wires are followed to their layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.graph import Broken, Deferred, Graph, Group, Input, Node
from shapecalc.layers import BUILTIN, JOINS, layer_class
from shapecalc.layers.base import Layer
from shapecalc.layers.fields import REQUIRED, Count, Unread
from shapecalc.order import in_order
from shapecalc.pause import collector_paused
from shapecalc.scope import (
    RESERVED,
    Argument,
    NeedsShapes,
    Place,
    Scope,
    no_shapes,
    read_value,
    symbols,
    whole,
)
from shapecalc.shape import Shape, shape_of
from shapecalc.source import Source
from shapecalc.spec import Branch, Edit, NetSpec, Use
from shapecalc.yamltree import List, Map, Scalar, Tree, compose, describe, origin, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: A spec may expand to so many layers; also to so many rounds of repeats and blocks.
MAX_LAYERS = 500_000
#: Blocks, groups and repeats may stand inside each other so deep.
MAX_NESTING = 60

_TIMES = Count(0)


class Wire:
    """Where something flows from: a draft, or a reference still to be looked up."""

    __slots__ = ("draft", "names", "reference")

    def __init__(
        self, draft: Draft | None, reference: Scalar | None = None, names: Names | None = None
    ) -> None:
        self.draft = draft
        self.reference = reference
        self.names = names


class Draft:
    """A layer on its way to becoming a node."""

    __slots__ = ("index", "inputs", "layer", "name", "names", "out", "share", "use")

    def __init__(self, names: Names, use: Use | None, layer: Layer | Deferred) -> None:
        self.names = names
        self.use = use
        self.layer = layer
        self.name = ""
        self.inputs: list[Wire] = []
        self.share: Draft | None = None
        self.out = Wire(self)
        self.index = -1

    @property
    def path(self) -> str:
        return self.names.prefix + self.name


class Names:
    """A level of the paths: who is called what in it, and what comes into it and out of it."""

    __slots__ = ("counts", "enters", "first", "input", "last", "members", "name", "nameless", "out",
                 "outer", "places", "removed", "type", "use")

    def __init__(self, outer: Names | None, type_: str, use: Use | None = None) -> None:
        self.outer = outer
        self.type = type_
        self.use = use
        self.name = ""
        self.members: dict[str, Draft | Names] = {}
        self.places: dict[str, Scalar | None] = {}
        self.counts: dict[str, int] = {}
        self.nameless: list[tuple[Draft | Names, str]] = []
        self.removed: set[str] = set()
        self.enters: list[Wire] = []
        self.input: Wire | None = outer.input if outer else None
        self.out: Wire | None = None
        self.first = self.last = 0

    @property
    def prefix(self) -> str:
        """The path of the level, ending in a slash; the network's own is empty."""
        return f"{self.outer.prefix}{self.name}/" if self.outer else ""

    def close(self) -> None:
        """Name what was inserted without a name: its number counts on after the base's."""
        for member, stem in self.nameless:
            number = self.counts.get(stem, 0) + 1
            while f"{stem}{number}" in self.members:
                number += 1
            self.counts[stem] = number
            member.name = f"{stem}{number}"
            self.members[member.name] = member
        self.nameless.clear()


class _Where(NamedTuple):
    """Where the walk stands."""

    names: Names
    scope: Scope
    blocks: tuple[str, ...] = ()
    depth: int = 0
    inserted: bool = False  # by an edit into this very level: named after the base's layers
    edition: int = 0  # which file's text this is; only later files' edits apply


@collector_paused
def expand(
    spec: NetSpec, settings: Mapping[str, str] | None = None, inputs: Mapping[str, str] | None = None
) -> Graph:
    """Wire a spec.

    `settings` gives constants and symbols other values (`--set`), `inputs` other shapes
    (`--input`; the key is empty when the network has one input).  What is wrong stands in the
    graph's `problems`.  Raises `SpecErrors` when there is no graph: layers that feed each other,
    or too many of them.
    """
    return _Expander(spec).run(settings or {}, inputs or {})


class _TooMany(Exception):  # noqa: N818  (ends the walk; becomes a Problem)
    pass


class _Expander:
    def __init__(self, spec: NetSpec) -> None:
        self.spec = spec
        self.problems: list[Problem] = list(spec.problems)
        self.drafts: list[Draft] = []
        self.levels: list[Names] = []
        self.steps = 0
        self.scope = Scope({})
        self.made: dict[tuple[object, ...], Layer] = {}
        self.edits: dict[str, list[tuple[int, Edit]]] = {}
        for edition, edits in enumerate(spec.edits):
            for path, edit in edits.items():
                self.edits.setdefault(path, []).append((edition, edit))
        self.edited: set[str] = set()
        self.shares: list[tuple[Draft | Names, Scalar, Names]] = []

    # -- the whole ----------------------------------------------------------------------------

    def run(self, settings: Mapping[str, str], inputs: Mapping[str, str]) -> Graph:
        root = Names(None, "network")
        self.bind(settings)
        flow = self.inputs(root, inputs)
        try:
            self.sequence(self.spec.uses, flow, _Where(root, self.scope))
        except _TooMany:
            raise SpecErrors(self.problems) from None
        root.close()
        self.unmatched_edits()
        for draft in list(self.drafts):
            for wire in draft.inputs:
                self.follow(wire)
        self.share()
        expected = self.expectations()
        outputs = self.outputs(root)
        ordered = in_order(self.drafts, lambda draft: [self.source_of(w) for w in draft.inputs])
        if len(ordered) < len(self.drafts):
            raise SpecErrors([*self.problems, self.circle({id(draft) for draft in ordered})])
        for index, draft in enumerate(ordered):
            draft.index = index
        nodes = tuple(
            Node(
                draft.path,
                draft.layer,
                tuple(self.source_of(wire).index for wire in draft.inputs),
                draft.share.index if draft.share else None,
                draft.use.note if draft.use else "",
                draft.use,
            )
            for draft in ordered
        )
        if outputs is None:
            read = {index for node in nodes for index in node.inputs}
            ends = tuple(index for index in range(len(nodes)) if index not in read)
        else:
            ends = tuple(draft.index for draft in outputs)
        return Graph(
            spec=self.spec,
            nodes=nodes,
            groups=self.groups(),
            outputs=ends,
            expected=expected,
            problems=tuple(self.problems),
        )

    def complain(
        self, code: str, message: str, at: Tree | None, hint: str = "", rule: str = ""
    ) -> None:
        place = origin(at) if at is not None else None
        self.problems.append(Problem(code, message, place, rule, hint))

    def step(self, use: Use) -> None:
        """Count one more layer or round; give up politely when there are too many."""
        self.steps += 1
        if self.steps > MAX_LAYERS:
            self.complain(
                "E153",
                f"the network grows beyond {MAX_LAYERS:,} layers and rounds of repeats",
                use.word,
                "are the numbers of the repeats right?",
            )
            raise _TooMany

    # -- names and numbers ----------------------------------------------------------------------

    def bind(self, settings: Mapping[str, str]) -> None:
        """Bind `let` constants, overridden by settings."""
        place = Place(self.scope, None)
        bound = self.scope.bound
        for name, tree in self.spec.let.items():
            bound[name] = Argument(tree, place)
        free = {
            symbol
            for each in self.spec.inputs
            for extent in each.extents
            for symbol in symbols(extent, self.scope)
        }
        for name, text in settings.items():
            source = Source(f"--set {name}={text}", text)
            if name not in bound and name not in free:
                known = sorted({*bound, *free})
                hint = did_you_mean(name, known) or (
                    "it has " + ", ".join(known) if known else "it has no constants and no symbols"
                )
                message = f"nothing to set: the spec has no constant or symbol '{name}'"
                self.complain("E303", message, scalar(text, source), hint)
                continue
            try:
                bound[name] = Argument(compose(source), place)
            except SpecErrors as error:
                self.problems += error.problems

    def number(self, tree: Tree, where: _Where, flow: Wire | None, what: str, kind: Count) -> int | None:
        """Compute a number that structure depends on."""
        try:
            value = read_value(kind, tree, Place(where.scope, flow))
        except NeedsShapes:
            message = f"{what} cannot depend on channels: they are known only after the structure"
            self.complain("E115", message, tree)
            return None
        except Unread as error:
            self.complain(error.code, f"{what} {error.message}", error.at or tree, error.hint)
            return None
        return int(value)

    def inputs(self, root: Names, given: Mapping[str, str]) -> Wire | None:
        """Make the input layers; return what flows in when there is just one."""
        known = [each.name for each in self.spec.inputs]
        for name, text in given.items():
            if name and name not in known:
                at = scalar(text, Source(f"--input {name}={text}", text))
                hint = did_you_mean(name, known) or "its inputs are " + ", ".join(known)
                self.complain("E303", f"the spec has no input '{name}'", at, hint)
            elif not name and len(known) > 1:
                at = scalar(text, Source(f"--input {text}", text))
                hint = "say which: " + ", ".join(f"--input {each}=..." for each in known)
                self.complain("E303", f"the spec has {len(known)} inputs", at, hint)
        wire = None
        for each in self.spec.inputs:
            extents, tree = each.extents, each.tree
            text = given.get(each.name, given.get("", "") if len(known) == 1 else "")
            if text:
                tree = scalar(text, Source(f"--input {text}", text))
                extents = tuple(tree._replace(text=part) for part in text.lower().split("x"))
            shape = self.shape(each.name, extents, tree)
            draft = Draft(root, None, Input(shape) if shape else _BROKEN)
            self.drafts.append(draft)
            draft.name = each.name
            root.members[each.name] = draft
            wire = draft.out
        root.input = wire if len(known) == 1 else None
        return root.input

    def shape(self, name: str, extents: tuple[Tree, ...], tree: Tree) -> Shape | None:
        dims = []
        for extent in extents:
            unknown = symbols(extent, self.scope) if isinstance(extent, Scalar) else set()
            if unknown:
                letter = sorted(unknown)[0]
                message = f"{name}: '{letter}' has no value"
                hint = f"give it one with --set {letter}=224, or the whole shape with --input"
                self.complain("E121", message, extent, hint)
                continue
            where = _Where(Names(None, ""), self.scope)
            value = self.number(extent, where, None, f"{name}: an extent", Count(1))
            if value is not None:
                dims.append(value)
        if not 1 <= len(extents) <= 4:
            message = f"{name}: an input has one to four extents, not {describe(tree)}"
            self.complain("E303", message, tree)
            return None
        return shape_of(tuple(dims)) if len(dims) == len(extents) else None

    def expectations(self) -> dict[str, int]:
        """Compute the numbers that the spec expects."""
        where = _Where(Names(None, ""), self.scope)
        found = {}
        for column, tree in self.spec.expect:
            value = self.number(tree, where, None, f"expect: {column}", _EXPECTED)
            if value is not None:
                found[column] = value
        return found

    # -- the walk -------------------------------------------------------------------------------

    def sequence(self, uses: tuple[Use, ...], flow: Wire | None, where: _Where) -> Wire | None:
        """Expand statements one after the other; return what flows out."""
        for use in uses:
            flow = self.statement(use, flow, where)
        return flow

    def statement(self, use: Use, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand one statement, after the edits that address it."""
        self.step(use)
        if use.type == "repeat" and use.name is None:
            return self.repeat(use, self.source(use, flow, where), where, None)
        stem = use.type
        if use.type in BUILTIN:
            stem = layer_class(use.type).stem
        elif use.name is not None:
            stem = "\0"  # named levels are not counted with anything
        name = self.name(use, stem, where)
        path = where.names.prefix + name
        edits = [
            each for each in self.edits.get(path, ()) if each[0] > where.edition
        ] if self.edits and name else []
        if not edits:
            return self.named(use, name, stem, flow, where)
        self.edited.add(path)
        for edition, edit in edits:
            flow = self.insert(edit.before, flow, where, edition)
        if any(edit.remove for _, edit in edits):
            where.names.removed.add(name)
        else:
            for _, edit in edits:
                if edit.change is not None:
                    use = self.changed(use, edit.change)
            flow = self.named(use, name, stem, flow, where)
        for edition, edit in edits:
            flow = self.insert(edit.after, flow, where, edition)
        return flow

    def insert(
        self, uses: tuple[Use, ...], flow: Wire | None, where: _Where, edition: int
    ) -> Wire | None:
        """Expand the statements that an edit inserts."""
        return self.sequence(uses, flow, where._replace(inserted=True, edition=edition))

    def name(self, use: Use, stem: str, where: _Where) -> str:
        """Return the statement's name, counting its kind; empty when it is to be named later."""
        if where.inserted:
            return use.name.text if use.name else ""
        number = where.names.counts.get(stem, 0) + 1
        where.names.counts[stem] = number
        if use.name is not None:
            return use.name.text
        return f"{stem}{number}"

    def enter(
        self, member: Draft | Names, name: str, stem: str, names: Names, use: Use | None
    ) -> None:
        """Enter a member into its level under its name."""
        if not name:
            names.nameless.append((member, stem))
            return
        member.name = name
        if name in names.members:
            first = names.places.get(name)
            message = f"two layers are named '{names.prefix}{name}'"
            if first is not None:
                message += f", the first in line {first.start.line + 1}"
            at = (use.name or use.word) if use else None
            hint = "names are unique in their scope; rename one"
            if use is not None and use.name is not None and first is use.name:
                hint = "give the repeat a name: its rounds then have paths of their own"
            elif use is not None and use.name is None:
                hint = f"'{name}' is also the automatic name of this layer; name one of them"
            self.complain("E152", message, at, hint)
            return
        names.members[name] = member
        names.places[name] = (use.name or use.word) if use else None

    def changed(self, use: Use, change: Map) -> Use:
        """Set fields on a layer of the base; with a `type` the layer is replaced."""
        fields, keys = dict(change.items), change.keys
        kind = fields.pop("type", None)
        if kind is None:
            return use._replace(
                fields={**use.fields, **fields}, keys={**use.keys, **keys}, literal=None
            )
        text = kind.text if isinstance(kind, Scalar) else ""
        if text not in BUILTIN and text not in self.spec.blocks:
            known = [*BUILTIN, *self.spec.blocks]
            self.complain("E112", f"{describe(kind)} is not a layer type", kind,
                          did_you_mean(text, known))
            return use
        assert isinstance(kind, Scalar)
        return use._replace(word=kind, type=text, fields=fields, keys=keys, literal=None,
                            branches=())

    def named(self, use: Use, name: str, stem: str, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand a statement that has its name."""
        kind = use.type
        if kind in JOINS:
            return self.join(use, name, stem, flow, where)
        if kind in BUILTIN:
            return self.layer(use, name, stem, flow, where)
        flow = self.source(use, flow, where)
        if kind == "repeat":
            return self.repeat(use, flow, where, name)
        if kind == "side":
            level = self.level(use, name, stem, where) if use.name else where.names
            for branch in use.branches:
                self.branch(branch, flow, where._replace(names=level))
            return flow
        if kind == "group":
            level = self.level(use, name, stem, where)
            return self.within(level, use.branches[0].uses, flow, where._replace(names=level))
        return self.block(use, name, stem, flow, where)

    def level(self, use: Use | None, name: str, stem: str, where: _Where, type_: str = "") -> Names:
        """Open a level of the paths."""
        names = Names(where.names, type_ or (use.type if use else "branch"), use)
        self.levels.append(names)
        names.first = len(self.drafts)
        self.enter(names, name, stem, where.names, use)
        return names

    def within(
        self, level: Names, uses: tuple[Use, ...], flow: Wire | None, where: _Where
    ) -> Wire | None:
        """Expand statements inside a level, and close it."""
        if where.depth >= MAX_NESTING:
            at = uses[0].word if uses else None
            self.complain("E103", f"blocks and repeats stand more than {MAX_NESTING} deep", at)
            raise _TooMany
        if flow is not None:
            level.enters.append(flow)
        inside = where._replace(names=level, depth=where.depth + 1, inserted=False)
        level.out = self.sequence(uses, flow, inside)
        level.last = len(self.drafts)
        level.close()
        return level.out

    def branch(self, branch: Branch, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand a branch: a named one is a level, an unnamed one is not."""
        if branch.name is None:
            if where.depth >= MAX_NESTING:
                raise _TooMany
            return self.sequence(branch.uses, flow, where._replace(depth=where.depth + 1))
        level = Names(where.names, "branch")
        self.levels.append(level)
        level.first = len(self.drafts)
        name = branch.name.text
        level.name = name
        if name in where.names.members:
            self.complain("E152", f"two layers are named '{where.names.prefix}{name}'", branch.name,
                          "names are unique in their scope; rename one")
        where.names.members[name] = level
        return self.within(level, branch.uses, flow, where)

    def repeat(
        self, use: Use, flow: Wire | None, where: _Where, name: str | None
    ) -> Wire | None:
        """Expand the rounds of a repeat."""
        rounds = self.rounds(use, flow, where)
        uses = use.branches[0].uses if use.branches else ()
        if name is None:
            for bound in rounds:
                self.step(use)
                inside = where._replace(
                    scope=Scope(bound, where.scope) if bound else where.scope,
                    depth=where.depth + 1,
                )
                if inside.depth >= MAX_NESTING:
                    raise _TooMany
                flow = self.sequence(uses, flow, inside)
            return flow
        outer = self.level(use, name, "repeat", where)
        if flow is not None:
            outer.enters.append(flow)
        for number, bound in enumerate(rounds, 1):
            self.step(use)
            inside = where._replace(
                names=outer, scope=Scope(bound, where.scope) if bound else where.scope
            )
            level = self.level(None, str(number), "", inside, "round")
            flow = self.within(level, uses, flow, inside._replace(names=level))
        outer.out = flow
        outer.last = len(self.drafts)
        return flow

    def rounds(
        self, use: Use, flow: Wire | None, where: _Where
    ) -> Iterator[dict[str, int | Argument]]:
        """Yield for every round what its names are bound to."""
        times, walks, index = (use.fields.get(key) for key in ("times", "for", "index"))
        if (times is None) == (walks is None):
            self.complain("E113", "repeat takes either times or for", use.word, "times: 3")
            return
        variable = ""
        if index is not None:
            variable = index.text if isinstance(index, Scalar) else ""
            self.variable(variable, index)
        place = Place(where.scope, flow)
        lists: dict[str, tuple[Tree, ...]] = {}
        if times is not None:
            count = self.number(times, where, flow, "times", _TIMES) or 0
        else:
            if not isinstance(walks, Map) or not walks.items:
                self.complain("E110", f"for takes a map of lists, not {describe(walks)}", walks,  # type: ignore[arg-type]
                              "for: {c: [24, 32], s: [2, 1]}")
                return
            for name, values in walks.items.items():
                self.variable(name, walks.keys[name])
                if not isinstance(values, List):
                    self.complain("E110", f"for: {name} takes a list, not {describe(values)}", values)
                    return
                lists[name] = values.items
            lengths = {name: len(values) for name, values in lists.items()}
            if len(set(lengths.values())) > 1:
                shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
                self.complain("E203", f"the lists of for differ in length: {shown}", walks,
                              "they are walked together; give them one length")
                return
            count = next(iter(lengths.values()))
        for number in range(count):
            bound: dict[str, int | Argument] = {
                name: Argument(values[number], place) for name, values in lists.items()
            }
            if variable:
                bound[variable] = number
            yield bound

    def variable(self, name: str, at: Tree) -> None:
        if name in RESERVED or not name.isidentifier():
            self.complain("E117", f"'{name}' cannot name a variable", at,
                          "use letters, digits and _, and none of the reserved words")

    def block(self, use: Use, name: str, stem: str, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand the use of a block."""
        block = self.spec.blocks[use.type]
        if use.type in where.blocks:
            circle = " -> ".join([*where.blocks[where.blocks.index(use.type):], use.type])
            self.complain("E118", f"blocks use each other in a circle: {circle}", use.word)
            return flow
        place = Place(where.scope, flow)
        bound: dict[str, int | Argument] = {}
        for field, tree in use.fields.items():
            key = next(iter(block.fields), "") if field == "\0first" else field
            if key not in block.fields:
                takes = list(block.fields)
                hint = did_you_mean(field, takes) or (
                    f"{use.type} takes " + ", ".join(takes) if takes else f"{use.type} takes none"
                )
                self.complain("E111", f"{use.type} has no field '{key or 'value'}'",
                              use.keys.get(field, use.word), hint)
            else:
                bound[key] = Argument(tree, place)
        missing = []
        for key, default in block.fields.items():
            if key not in bound:
                if default is None:
                    missing.append(key)
                else:
                    bound[key] = Argument(default, Place(self.scope, flow))
        level = self.level(use, name, stem, where)
        level.input = flow
        if use.share is not None:
            self.shares.append((level, use.share, where.names))
        if missing:
            self.complain("E113", f"{use.type} needs {', '.join(missing)}", use.word,
                          f"{use.type}: {{{', '.join(f'{key}: ...' for key in missing)}}}")
            level.out = self.nowhere().out
            return level.out
        inside = where._replace(
            names=level, scope=Scope(bound, self.scope), blocks=(*where.blocks, use.type)
        )
        return self.within(level, block.uses, flow, inside)

    def join(self, use: Use, name: str, stem: str, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand a join: its branches first, or the layers that it names."""
        operands: list[Wire | None]
        if use.branches:
            flow = self.source(use, flow, where)
            level = where.names
            if use.name is not None:
                level = self.level(use, name, stem, where)
            inside = where._replace(names=level)
            operands = [self.branch(branch, flow, inside) for branch in use.branches]
            if level is not where.names:
                draft = self.draft(use, operands, where, inside.names)
                draft.name = use.type
                level.members.setdefault(use.type, draft)
                level.out = draft.out
                level.last = len(self.drafts)
                level.close()
                return draft.out
        else:
            operands = [self.wire(name, flow, where) for name in use.sources or ()]
            if not use.sources:
                operands = [flow]
        draft = self.draft(use, operands, where, where.names)
        self.enter(draft, name, stem, where.names, use)
        return draft.out

    def layer(self, use: Use, name: str, stem: str, flow: Wire | None, where: _Where) -> Wire | None:
        """Expand a layer."""
        inputs = [self.wire(each, flow, where) for each in use.sources] if use.sources else [flow]
        draft = self.draft(use, inputs, where, where.names)
        self.enter(draft, name, stem, where.names, use)
        if use.share is not None:
            self.shares.append((draft, use.share, where.names))
        return draft.out

    def draft(self, use: Use, inputs: list[Wire | None], where: _Where, names: Names) -> Draft:
        flow = inputs[0] if inputs else None
        draft = Draft(names, use, self.make(use, where.scope, flow))
        for wire in inputs:
            if wire is None:
                known = ", ".join(each.name for each in self.spec.inputs)
                self.complain("E155", f"nothing flows into this {use.type}", use.word,
                              f"say what with `from:`; the inputs are {known}")
                wire = self.nowhere().out
            draft.inputs.append(wire)
        self.drafts.append(draft)
        return draft

    def source(self, use: Use, flow: Wire | None, where: _Where) -> Wire | None:
        """Return what flows into a statement: the layer before, or what `from` names."""
        if not use.sources:
            return flow
        if len(use.sources) > 1:
            self.complain("E207", f"{use.type} takes one input, but from names {len(use.sources)}",
                          use.sources[1], "join them first with concat, add or multiply")
        return self.wire(use.sources[0], flow, where)

    def wire(self, reference: Scalar, flow: Wire | None, where: _Where) -> Wire | None:
        return flow if reference.text == "." else Wire(None, reference, where.names)

    # -- layers ---------------------------------------------------------------------------------

    def make(self, use: Use, scope: Scope, flow: Wire | None) -> Layer | Deferred:
        """Build the layer of a statement, once for all that are written alike."""
        if not use.sound:
            return _BROKEN
        if use.literal is not None:
            found = self.made.get(use.literal)
            if found is not None:
                return found
        cls = layer_class(use.type)
        try:
            layer = self.build(cls, use, Place(scope, flow), no_shapes)
        except NeedsShapes:

            def build(shape_of_node: Callable[[int], Shape]) -> Layer:
                def channels(wire: object) -> int:
                    assert isinstance(wire, Wire)
                    return shape_of_node(self.source_of(wire).index).channels

                return self.build(cls, use, Place(scope, flow), channels)

            return Deferred(cls, build)
        except SpecErrors as error:
            self.problems += error.problems
            layer = _BROKEN
        if use.literal is not None:
            self.made[use.literal] = layer
        return layer

    def build(
        self, cls: type[Layer], use: Use, place: Place, channels_of: Callable[[object], int]
    ) -> Layer:
        """Read the fields of a layer.  Raises `SpecErrors`, or `NeedsShapes`."""
        fields, keys = use.fields, use.keys
        defaults = self.spec.defaults.get(use.type)
        values = {}
        problems = []
        waiting = False
        for each in cls.fields():
            name, at = each.name, place
            tree = fields.get(name)
            if tree is None and defaults is not None:
                tree, at = defaults.items.get(name), Place(self.scope, place.flow)
            if tree is None:
                if each.default is REQUIRED:
                    hint = cls.example
                    problems.append(
                        Problem("E113", f"{use.type} needs {name}: {each.metadata['doc']}",
                                origin(use.word), hint=f"for example `{hint}`")
                    )
                continue
            try:
                values[name] = read_value(each.metadata["kind"], tree, at, channels_of)
            except NeedsShapes:
                waiting = True
            except Unread as error:
                problems.append(
                    Problem(error.code, f"{use.type}: {name} {error.message}",
                            origin(error.at or tree), hint=error.hint)
                )
        if fields.keys() - _names_of(cls):
            for name in fields.keys() - _names_of(cls):
                takes = sorted(_names_of(cls))
                problems.append(
                    Problem("E111", f"{use.type} has no field '{name}'",
                            origin(keys.get(name, use.word)),
                            hint=did_you_mean(name, takes) or "it takes " + ", ".join(takes))
                )
        if problems:
            raise SpecErrors(problems)
        if waiting:
            raise NeedsShapes
        return cls(**values)

    # -- after the walk -------------------------------------------------------------------------

    def unmatched_edits(self) -> None:
        """Complain about edits that name no layer."""
        missing = self.edits.keys() - self.edited
        if not missing:
            return
        known = [level.prefix[:-1] for level in self.levels]
        known += [draft.path for draft in self.drafts]
        for path in missing:
            at = self.edits[path][-1][1].key
            hint = did_you_mean(path, known) or (
                f"`shapecalc summarize {self.spec.extends[0]} --depth all` lists its layers"
            )
            self.complain("E120", f"the base has no layer '{path}'", at, hint)

    def follow(self, wire: Wire) -> None:
        """Look up what a wire refers to, through references to references."""
        passed: list[Wire] = []
        target: Wire | None = wire
        while target is not None and target.draft is None:
            if target in passed:
                assert target.reference is not None
                self.complain("E151", f"'{target.reference.text}' is fed by itself",
                              target.reference)
                break
            passed.append(target)
            target = self.look_up(target)
        draft = target.draft if target is not None else None
        for each in passed:
            each.draft = draft or self.nowhere()

    def nowhere(self) -> Draft:
        """Return a source whose output is unknown, for what could not be found."""
        draft = Draft(Names(None, ""), None, _BROKEN)
        self.drafts.insert(0, draft)
        return draft

    def look_up(self, wire: Wire) -> Wire | None:
        assert wire.reference is not None
        assert wire.names is not None
        found = self.find(wire.reference, wire.names)
        if found is None:
            return None
        return found.out if not isinstance(found, Wire) else found

    def find(self, reference: Scalar, names: Names) -> Draft | Names | Wire | None:
        """Find what a name means, from the innermost level outward.  Complains when nothing."""
        text = reference.text
        level: Names | None = names
        if text.startswith("/"):
            while names.outer is not None:
                names = names.outer
            level = names
            text = text[1:]
        first, *rest = text.split("/")
        if first == "input":
            wire = level.input if level else None
            if wire is None:
                known = ", ".join(each.name for each in self.spec.inputs)
                self.complain("E150", "there are several inputs", reference, f"name one: {known}")
            return wire
        while level is not None:
            found: Draft | Names | None = level.members.get(first)
            for part in rest:
                found = found.members.get(part) if isinstance(found, Names) else None
            if found is not None:
                return found
            level = level.outer
        self.unknown_name(reference, names)
        return None

    def unknown_name(self, reference: Scalar, names: Names) -> None:
        level: Names | None = names
        known: list[str] = []
        while level is not None:
            if reference.text in level.removed:
                self.complain("E150", f"'{reference.text}' was removed", reference,
                              "name the layer that takes its place with `change`")
                return
            known += level.members
            level = level.outer
        if "/" in reference.text:
            known += [draft.path for draft in self.drafts]
        hint = did_you_mean(reference.text, known) or "a `from` names a layer, `input` or `.`"
        self.complain("E150", f"there is no layer '{reference.text}' here", reference, hint)

    def source_of(self, wire: Wire) -> Draft:
        if wire.draft is None:
            self.follow(wire)
        assert wire.draft is not None
        return wire.draft

    def share(self) -> None:
        """Pair layers that share weights."""
        for member, reference, names in self.shares:
            found = self.find(reference, names)
            if found is None:
                continue
            mine, theirs = self.leaves(member), self.leaves(found)
            if [d.use.type if d.use else "" for d in mine] != [
                d.use.type if d.use else "" for d in theirs
            ]:
                self.complain("E154", f"'{member.name}' and '{reference.text}' hold other layers",
                              reference, "only like can share weights")
                continue
            for draft, partner in zip(mine, theirs, strict=True):
                if draft is partner:
                    self.complain("E154", f"'{draft.path}' shares its weights with itself", reference)
                    break
                draft.share = partner

    def leaves(self, member: Draft | Names | Wire) -> list[Draft]:
        if isinstance(member, Names):
            return self.drafts[member.first : member.last]
        if isinstance(member, Wire):
            return [self.source_of(member)]
        return [member]

    def outputs(self, root: Names) -> list[Draft] | None:
        if self.spec.outputs is None:
            return None
        found = []
        for name in self.spec.outputs:
            wire = Wire(None, name, root)
            self.follow(wire)
            found.append(self.source_of(wire))
        return found

    def circle(self, ordered: set[int]) -> Problem:
        """Describe one circle among the drafts that could not be ordered."""
        held = next(draft for draft in self.drafts if id(draft) not in ordered)
        walk: list[Draft] = []
        while held not in walk:
            walk.append(held)
            sources = (self.source_of(wire) for wire in held.inputs)
            held = next(source for source in sources if id(source) not in ordered)
        loop = [*walk[walk.index(held):], held]
        names = " <- ".join(draft.path for draft in loop)
        use = next((d.use for d in loop if d.use and d.use.sources), loop[0].use)
        at = use.sources[0] if use and use.sources else (use.word if use else None)
        return Problem("E151", f"layers feed each other in a circle: {names}",
                       origin(at) if at else None, hint="a network flows forward only")

    def groups(self) -> dict[str, Group]:
        """Make the record of every level."""
        found = {}
        for level in self.levels:
            if level.out is None:
                continue
            path = level.prefix[:-1]
            inputs = tuple(dict.fromkeys(self.source_of(wire).index for wire in level.enters))
            found[path] = Group(path, level.type, inputs, self.source_of(level.out).index)
        return found


class _Expected(Count):
    """A total: any whole number that an expression may have."""

    def bounded(self, tree: Tree, value: int) -> int:
        return value


_EXPECTED = _Expected(0)
_BROKEN = Broken()


def _names_of(cls: type[Layer]) -> frozenset[str]:
    return frozenset(each.name for each in cls.fields())
