"""A network as a program for Keras 3: a function that builds it, and one for a kind of block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.graph import Input
from shapecalc.text import Origin
from shapecalc.writers import Written
from shapecalc.writers.classes import Family, Part, Statement, parameters_of, skeletons
from shapecalc.writers.keras_layers import SPELLINGS
from shapecalc.writers.keras_modules import HELPERS
from shapecalc.writers.keras_spelling import KerasSpelling
from shapecalc.writers.levels import Member, NamedLevel, levels_of
from shapecalc.writers.python_code import (
    CallCode,
    Code,
    call,
    identifier,
    lines,
    literal,
    signature,
    unique,
)
from shapecalc.writers.pytorch import (
    STRUCTURE,
    VariableFlow,
    documentation,
    known_numbers,
)
from shapecalc.writers.site import Site, UnsayableError, indices_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.report import Report, Row

#: Names that the program has already.
_TAKEN = frozenset([
    "functools", "inputs", "itertools", "keras", "layers", "load_weights", "math", "name", "np",
    "ops", "build", *HELPERS,
])  # fmt: skip
#: Modules of Python that a program may use.
_STANDARD = ("functools", "itertools", "math")


def written(report: Report, weights: str = "") -> Written:
    """Write the program; `weights` is the file beside it that it reads its arrays from.

    Raises `SpecErrors` (E360) for layers that Keras has no means for.
    """
    writing = _KerasWriting(report)
    return Written(writing.text(weights), writing.laid)


class _KerasWriting:
    """What is known while a program is written."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.graph = report.graph
        self.spelled: Sequence[Any] = _spelled(report)
        self.last_words = {_last_word(row) for row in report.rows}
        self.root = levels_of(report.graph)
        shared = _shared(report)
        _inline(self.root, shared)
        self.parts: dict[str, Part] = {}
        self.functions: set[str] = set(_TAKEN)
        self.families: list[Family] = []
        self.attributes = {
            level.path: self._variables(level) for level in (*self.root.inner(), self.root)
        }
        taken = {"x", "y", "inputs", *self.attributes[""].values()}
        owners = sorted({self.owner(index) for index in shared})
        paths = ((owner, self.graph.nodes[owner].path.replace("/", "_")) for owner in owners)
        self.shared = {
            owner: unique(f"{identifier(path, 'layer')}_layer", taken) for owner, path in paths
        }

    def owner(self, index: int) -> int:
        """Return the layer whose weights a layer uses: its own, or those of another one."""
        share = self.graph.nodes[index].share
        return index if share is None else share

    def own_name(self, level: NamedLevel, member: Member) -> str:
        path = member.path if isinstance(member, NamedLevel) else self.graph.nodes[member].path
        return path.removeprefix(f"{level.path}/" if level.path else "")

    def _variables(self, level: NamedLevel) -> dict[str, str]:
        """Return variables for what stands beside the flow: of a branch's first level."""
        names = (self.own_name(level, member) for member in level.members)
        return {name: identifier(name.split("/")[0], "branch") for name in names}

    def comment(self, member: Member) -> str:
        results = member.results if isinstance(member, NamedLevel) else (member,)
        return ", ".join(_shape(self.report, index, " x ") for index in results)

    def layer_name(self, level: NamedLevel, member: Member) -> str:
        """Return the code of a layer's name: behind that of its block."""
        name = self.own_name(level, member).replace("/", ".")
        return literal(name) if level is self.root else f'f"{{name}}.{name}"'

    def ending(self, index: int, word: str) -> str:
        """Return what the name of a layer that stands before another one has behind that one's.

        No layer of the spec is called so: beside a `conv1` there may be a `conv1_pad`.
        """
        own, ending = _last_word(self.report.rows[index]), f"_{word}"
        while f"{own}{ending}" in self.last_words:
            ending += "_"
        return ending

    def construction(self, index: int, name: str) -> CallCode:
        """Return what constructs a layer under its name."""
        made = self.spelled[index].made
        assert isinstance(made, CallCode)
        return _named(made, name, frozen=self._is_frozen(index))

    def _is_frozen(self, index: int) -> bool:
        return not self.graph.nodes[index].trained and bool(self.report.rows[index].parameters)

    def use(self, index: int, name: str, operands: Sequence[Code]) -> Code:
        """Return the expression of a layer and of what flows in."""
        spelling: KerasSpelling = self.spelled[index]
        first, *others = operands
        for ending, before in spelling.before:
            frozen = self._is_frozen(index) and ending in dict(spelling.laid)
            beside = f'{name[:-1]}{self.ending(index, ending)}"'
            first = call(_named(before, beside, frozen=frozen), first)
        if spelling.made is None:
            return spelling.use(first, *others)
        owner = self.owner(index)
        if owner not in self.shared:
            return spelling.use(self.construction(index, name), first, *others)
        used = spelling.use(self.shared[owner], first, *others)
        if self.report.rows[owner].type != self.report.rows[index].type:
            assert isinstance(used, CallCode)  # a table that a head uses
            return used._replace(arguments=(*used.arguments, ("reverse", "True")))
        return used

    def text(self, weights: str) -> str:
        heights: dict[str, int] = {}
        by_height: dict[int, list[NamedLevel]] = {}
        for level in (*self.root.inner(), self.root):
            inner = [heights[m.path] for m in level.members if isinstance(m, NamedLevel)]
            heights[level.path] = 1 + max(inner, default=0)
            by_height.setdefault(heights[level.path], []).append(level)
        for height in sorted(by_height):
            self._write_levels(by_height[height])
        body: list[str] = []
        for family in self.families:
            body += ["", "", *self._function(family)]
        body += ["", "", *_main(weights)]
        helpers = _helpers("\n".join(body))
        if weights:
            helpers.append(_LOAD.strip())
        whole = "\n".join([*(f"\n\n{text}" for text in helpers), *body])
        return "\n".join([*self._docstring(), "", *_imports(whole), whole, ""])

    def _write_levels(self, levels: list[NamedLevel]) -> None:
        """Write levels of one height: those of one kind are calls of one function."""
        families: dict[str, Family] = {}
        for level in levels:
            flow = KerasFlow(level, self)
            made = [s for place, m in flow.members if (s := flow.statement(place, m))]
            statements = [step for statement in made for step in _steps(statement)]
            results = ", ".join(flow.variables[index] for index in level.results)
            key = skeletons(statements) + f"\nreturn {results}"
            key = "\0root" if level is self.root else key
            family = families.setdefault(key, Family(level, [], [], []))
            family.levels.append(level)
            family.inits.append(statements)
            family.forwards.append([Statement("return", results, "")])
        for family in families.values():
            kind = family.first.group.type if family.first.group else "part"
            is_root = family.first is self.root
            kind = identifier(kind, "block")
            family.name = "build" if is_root else unique(f"build_{kind}", self.functions)
            self.families.append(family)
            columns = [known_numbers(self.report, level) for level in family.levels]
            calls = parameters_of(family, columns)
            for level, part in zip(family.levels, calls, strict=True):
                self.parts[level.path] = part

    def _function(self, family: Family) -> list[str]:
        level = family.first
        sources = KerasFlow(level, self).sources
        if level is self.root:
            made = ["def build() -> keras.Model:", f'    """Build {_plain(self.report.name)}."""']
            made += self._shared_layers()
            variables = [KerasFlow(level, self).variables[index] for index in sources]
            for variable, index in zip(variables, sources, strict=True):
                shape = tuple(map(int, _shape(self.report, index, ",").split(",")))
                name = literal(self.report.rows[index].name)
                made += lines(call("keras.Input", literal(shape), name=name), 1, f"{variable} = ")
            inputs = variables[0] if len(variables) == 1 else f"[{', '.join(variables)}]"
            made += [f"    inputs = {inputs}"]
        else:
            variables = [KerasFlow(level, self).variables[index] for index in sources]
            named = [*variables, *(name for name, _ in family.parameters), "name"]
            head = signature(0, family.name, named, "None")
            made = [*head[:-1], head[-1].replace(" -> None:", ":")]
            others = len(family.levels) - 1
            more = f" and {others} more" if others else ""
            made += [
                f'    """Block {level.group.type if level.group else ""}: {level.path}{more}."""'
            ]
        for statement in family.init:
            made += lines(statement.code, 1, f"{statement.target} = ", "", statement.comment)
        result = str(family.forwards[0][0].code)
        if level is not self.root:
            return [*made, f"    return {result}"]
        outputs = f"[{result}]" if len(level.results) > 1 else result
        name = literal(re.sub(r"[^A-Za-z0-9_.-]+", "_", self.report.name).strip("_") or "network")
        return [*made, *lines(call("keras.Model", "inputs", outputs, name=name), 1, "return ")]

    def _shared_layers(self) -> list[str]:
        """Construct what is used more than once, before anything flows."""
        made = []
        for owner, variable in self.shared.items():
            name = literal(self.report.rows[owner].name.replace("/", "."))
            code = self.construction(owner, name)
            users = [row for i, row in enumerate(self.report.rows) if self.owner(i) == owner]
            if len({row.type for row in users}) > 1:
                code = code._replace(function="layers.ReversibleEmbedding")
            made += lines(code, 1, f"{variable} = ")
        return made

    def _docstring(self) -> list[str]:
        report, spec = self.report, self.graph.spec
        totals = (
            f"{report.totals.params:,} parameters, {report.totals.macs:,} multiply-accumulates."
        )
        source = f"Source: {spec.citation}" if spec.citation else ""
        made = f"Written by shapecalc from {spec.source.name}."
        return documentation(f"{report.name}, for Keras 3", 0, spec.note, source, totals, made)

    def laid(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """Lay arrays of ours as the program reads them: by layer, and by place in its weights."""
        made: dict[str, Any] = {}
        for index, row in enumerate(self.report.rows):
            if self.owner(index) != index:
                continue
            begin = f"{row.name}."
            own = {name.removeprefix(begin): arrays[name] for name in _names(row, arrays)}
            name = row.name.replace("/", ".")
            for ending, laid in self.spelled[index].laid:
                layer = f"{name}{self.ending(index, ending)}" if ending else name
                made |= {f"{layer}/{at}": array for at, array in enumerate(laid(own))}
        return made


def _last_word(row: Row) -> str:
    """Return the last part of a layer's path."""
    return row.name.rpartition("/")[2]


def _names(row: Any, arrays: Mapping[str, Any]) -> Iterator[str]:  # noqa: ANN401
    """Yield the names that a layer's arrays have in a file."""
    names = (f"{row.name}.{parameter.name}" for parameter in row.parameters)
    return (name for name in names if name in arrays)


class KerasFlow(VariableFlow):
    """The variables of a function that builds a part."""

    def _code(self, member: Member, attribute: str, operands: list[str]) -> Code:
        writing = self.writing
        assert isinstance(writing, _KerasWriting)
        name = writing.layer_name(self.level, member)
        if isinstance(member, NamedLevel):
            made = writing.parts[member.path].code
            assert isinstance(made, CallCode)
            given = tuple(("", operand) for operand in operands)
            return CallCode(made.function, (*given, *made.arguments, ("name", name)))
        return writing.use(member, name, operands)


def _named(made: CallCode, name: str, *, frozen: bool) -> CallCode:
    """Give a layer its name, and say that it is not trained."""
    more: tuple[tuple[str, Code], ...] = (("trainable", "False"),) if frozen else ()
    return made._replace(arguments=(*made.arguments, *more, ("name", name)))


def _steps(statement: Statement) -> list[Statement]:
    """Write what is put in front of a layer as a statement of its own."""
    target, code, _ = statement
    if not isinstance(code, CallCode) or not code.arguments:
        return [statement]
    (word, inner), *others = code.arguments
    if not isinstance(inner, CallCode) or not _is_layer(inner):
        return [statement]
    outer = statement._replace(code=code._replace(arguments=((word, target), *others)))
    return [*_steps(Statement(target, inner, "")), outer]


def _is_layer(code: CallCode) -> bool:
    """Tell a layer that is called: or what moves places before it."""
    return isinstance(code.function, CallCode) or code.function == "ops.pad"


def _inline(level: NamedLevel, shared: set[int]) -> None:
    """Put what is no block of the spec, or shares weights, into the level around it."""
    members: list[Member] = []
    for member in level.members:
        if isinstance(member, NamedLevel):
            _inline(member, shared)
            structure = member.group is None or member.group.type in STRUCTURE
            if structure or not shared.isdisjoint(member.nodes):
                members += member.members
                continue
        members.append(member)
    level.members = sorted(members, key=lambda m: m.nodes[0] if isinstance(m, NamedLevel) else m)


def _shared(report: Report) -> set[int]:
    """Return the layers that use weights of others, and these."""
    users = set()
    for index, node in enumerate(report.graph.nodes):
        if node.share is not None and report.rows[index].parameters:
            users |= {index, node.share}
    return users


def _shape(report: Report, index: int, sign: str) -> str:
    shape = report.rows[index].output
    return sign.join(map(str, (*shape.sides, shape.channels)))


def _plain(text: str) -> str:
    return re.sub(r"[^\w .,:()-]", "", text)


# -- the text --------------------------------------------------------------------------------------

_LOAD = '''
def load_weights(model: keras.Model, file: str) -> None:
    """Read the arrays of a model from an .npz beside this program."""
    with np.load(Path(__file__).with_name(file), allow_pickle=False) as arrays:
        for layer in model.layers:
            numbers = range(len(layer.weights))
            layer.set_weights([arrays[f"{layer.name}/{number}"] for number in numbers])
'''


def _helpers(text: str) -> list[str]:
    """Return what a program calls that Keras has not, each before what calls it."""
    needed: set[str] = set()
    waiting = [text]
    while waiting:
        calling = waiting.pop()
        for name, helper in HELPERS.items():
            if name not in needed and re.search(rf"(?<![\w.]){name}\(", calling):
                needed.add(name)
                waiting.append(helper)
    return [helper for name, helper in HELPERS.items() if name in needed]


def _imports(text: str) -> list[str]:
    """Write the imports that a program uses."""
    standard = [f"import {name}" for name in _STANDARD if re.search(rf"\b{name}\.", text)]
    standard += ["from pathlib import Path"] if "Path(" in text else []
    others = ["import keras", *(["import numpy as np"] if re.search(r"\bnp\.", text) else [])]
    used = [name for name in ("layers", "ops") if re.search(rf"\b{name}\.", text)]
    others += [f"from keras import {', '.join(used)}"] if used else []
    return [*standard, *([""] if standard else []), *others]


def _main(weights: str) -> list[str]:
    if not weights:
        return ['if __name__ == "__main__":', "    build().summary()"]
    load = lines(call("load_weights", "model", literal(weights)), 1)
    return ['if __name__ == "__main__":', "    model = build()", *load, "    model.summary()"]


# -- every layer -----------------------------------------------------------------------------------


def _spelled(report: Report) -> list[KerasSpelling]:
    """Spell every layer.  Raises `SpecErrors` for those that cannot be."""
    spelled: list[KerasSpelling] = []
    problems, indices = [], indices_of(report)
    if not any(isinstance(row.layer, Input) for row in report.rows):
        message = (
            f"{report.name} cannot be written for Keras: a model has an input, but it has none"
        )
        raise refuse("E360", message, Origin(report.graph.spec.source), "give it an `input`")
    for index, (row, node) in enumerate(zip(report.rows, report.graph.nodes, strict=True)):
        spelled.append(KerasSpelling(None))
        layer: Any = row.layer
        if isinstance(layer, Input):
            continue
        shapes = tuple(report.rows[source].output for source in node.inputs)
        whole = any(source in indices for source in node.inputs[:1])
        try:
            spelled[-1] = SPELLINGS[layer.type](Site(layer, shapes, row.output, whole))
            if node.share is not None and row.parameters:
                _must_be_shareable(report, index)
        except UnsayableError as error:
            message = f"{row.name} cannot be written for Keras: {error.reason}"
            problems.append(Problem("E360", message, node.origin(), hint=error.hint))
    if problems:
        raise SpecErrors(problems)
    return spelled


def _must_be_shareable(report: Report, index: int) -> None:
    """Refuse weights of another layer that one layer of Keras cannot use in both places."""
    row = report.rows[index]
    owner = report.rows[report.graph.nodes[index].share or 0]
    own: Any = row.layer
    if row.type == owner.type and own.values() != owner.layer.values():  # type: ignore[union-attr]
        reason = f"a layer of Keras is one with all its fields, but those of {owner.name} differ"
        raise UnsayableError(reason, "give both the same fields, or weights of their own")
