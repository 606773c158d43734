"""A network as a program for Keras 3: a function that builds it, and one for a kind of block."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph import Input
from shapecalc.writers import Written
from shapecalc.writers.classes import Family, Part, Statement, parameters_of, skeletons
from shapecalc.writers.keras_layers import HELPERS, SPELLINGS
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
    from collections.abc import Sequence

    from shapecalc.report import Report
    from shapecalc.writers.keras_layers import KerasUse

#: Names that the program has already.
_TAKEN = frozenset(["keras", "layers", "ops", "build", "name", "inputs", *HELPERS])


def written(report: Report) -> Written:
    """Write the program.  Raises `SpecErrors` (E360) for layers that there are no words for."""
    return Written(_KerasWriting(report).text())


class _KerasWriting:
    """What is known while a program is written."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.graph = report.graph
        self.spelled: Sequence[Any] = _spelled(report)
        self.root = levels_of(report.graph)
        _inline(self.root)
        self.parts: dict[str, Part] = {}
        self.functions: set[str] = set(_TAKEN)
        self.families: list[Family] = []
        self.attributes = {
            level.path: self._variables(level) for level in (*self.root.inner(), self.root)
        }

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

    def text(self) -> str:
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
        body += ["", "", *self._main()]
        whole = "\n".join(body)
        helpers = [
            f"\n\n{HELPERS[name].strip()}" for name in HELPERS if re.search(rf"\b{name}\(", whole)
        ]
        whole = "\n".join([*helpers, whole])
        used = [name for name in ("layers", "ops") if f"{name}." in whole]
        imports = ["import keras", *([f"from keras import {', '.join(used)}"] if used else [])]
        return "\n".join([*self._docstring(), "", *imports, whole, ""])

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

    def _docstring(self) -> list[str]:
        report, spec = self.report, self.graph.spec
        totals = (
            f"{report.totals.params:,} parameters, {report.totals.macs:,} multiply-accumulates."
        )
        source = f"Source: {spec.citation}" if spec.citation else ""
        made = f"Written by shapecalc from {spec.source.name}."
        return documentation(f"{report.name}, for Keras 3", 0, spec.note, source, totals, made)

    def _main(self) -> list[str]:
        return ['if __name__ == "__main__":', "    build().summary()"]


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
        made_by: KerasUse = writing.spelled[member]
        return made_by(name, *operands)


def _steps(statement: Statement) -> list[Statement]:
    """Write what is put in front of a layer as a statement of its own."""
    target, code, _ = statement
    if not isinstance(code, CallCode) or not isinstance(code.function, CallCode):
        return [statement]
    ((word, inner),) = code.arguments
    if not isinstance(inner, CallCode):
        return [statement]
    outer = statement._replace(code=code._replace(arguments=((word, target),)))
    return [*_steps(Statement(target, inner, "")), outer]


def _inline(level: NamedLevel) -> None:
    """Put what is no block of the spec into the level around it."""
    members: list[Member] = []
    for member in level.members:
        if isinstance(member, NamedLevel):
            _inline(member)
            if member.group is None or member.group.type in STRUCTURE:
                members += member.members
                continue
        members.append(member)
    level.members = sorted(members, key=lambda m: m.nodes[0] if isinstance(m, NamedLevel) else m)


def _shape(report: Report, index: int, sign: str) -> str:
    shape = report.rows[index].output
    return sign.join(map(str, (*shape.sides, shape.channels)))


def _plain(text: str) -> str:
    return re.sub(r"[^\w .,:()-]", "", text)


def _shared(_: Site) -> KerasUse:
    raise UnsayableError("weights that layers share are not written for Keras")


def _wordless(_: Site) -> KerasUse:
    raise UnsayableError("there are no words for its type yet")


def _spelled(report: Report) -> list[KerasUse]:
    """Spell every layer.  Raises `SpecErrors` for those that cannot be."""
    spelled: list[KerasUse] = []
    problems, indices = [], indices_of(report)
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        layer: Any = row.layer
        spelled.append(call)
        if isinstance(layer, Input):
            continue
        shapes = tuple(report.rows[index].output for index in node.inputs)
        spell = _shared if node.share is not None else SPELLINGS.get(layer.type, _wordless)
        whole = any(index in indices for index in node.inputs[:1])
        try:
            spelled[-1] = spell(Site(layer, shapes, row.output, whole))
        except UnsayableError as error:
            message = f"{row.name} cannot be written for Keras: {error.reason}"
            hint = error.hint or "`--to pytorch` has words for every layer type"
            problems.append(Problem("E360", message, node.origin(), hint=hint))
    if problems:
        raise SpecErrors(problems)
    return spelled
