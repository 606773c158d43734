"""What a spec and its user give: constants, symbols, inputs, and the numbers made of them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from shapecalc.compose import compose
from shapecalc.draft import BROKEN, Draft, Names, Sheet, Wire
from shapecalc.errors import SpecErrors, did_you_mean
from shapecalc.graph import Input
from shapecalc.layers.fields import Count, Unread
from shapecalc.scope import Argument, NeedsShapes, Place, Scope, read_value, symbols, used, whole
from shapecalc.shape import Shape, shape_of
from shapecalc.source import Source
from shapecalc.yamltree import Scalar, Tree, describe, scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.spec import NetSpec


class _Expected(Count):
    """A total: any whole number that an expression may have."""

    def bounded(self, tree: Tree, value: int) -> int:
        return value


_EXPECTED = _Expected(0)
_CROSS = re.compile("[xX×]")


class Given:
    """The outermost scope of one expansion."""

    def __init__(self, sheet: Sheet, spec: NetSpec) -> None:
        self.sheet = sheet
        self.spec = spec
        self.scope = Scope({})
        self.top = Place(self.scope, None)

    def bind(self, settings: Mapping[str, str]) -> None:
        """Bind `let` constants, overridden by settings."""
        place, bound = self.top, self.scope.bound
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
            if not text.strip():
                message = f"no value is given for '{name}'"
                self.sheet.complain("E303", message, scalar("", source), f"--set {name}=128")
                continue
            if name not in bound and name not in free:
                known = sorted({*bound, *free})
                hint = did_you_mean(name, known) or (
                    "it has " + ", ".join(known) if known else "it has no constants and no symbols"
                )
                message = f"nothing to set: the spec has no constant or symbol '{name}'"
                self.sheet.complain("E303", message, scalar(text, source), hint)
                continue
            try:
                bound[name] = Argument(compose(source), place)
            except SpecErrors as error:
                if error.problems[0].code != "E006":
                    self.sheet.problems.extend(error.problems)
                    continue
                message = f"no value is given for '{name}'"
                self.sheet.complain("E303", message, scalar(text, source), f"--set {name}=128")
        self.compute(bound)

    def compute(self, bound: dict[str, int | Argument]) -> None:
        """Compute the constants, first what others are made of: a long chain is no deep one."""
        passed: set[str] = set()
        waiting = [*reversed(bound)]
        while waiting:
            name = waiting.pop()
            argument = bound[name]
            if not isinstance(argument, Argument) or not isinstance(argument.tree, Scalar):
                continue
            if name in passed:
                with suppress(Unread, NeedsShapes):
                    whole(argument.tree, argument.place)
                continue
            passed.add(name)
            waiting.append(name)
            inner = used(argument.tree) & bound.keys()
            waiting += sorted(inner - passed)

    def number(self, tree: Tree, place: Place, what: str, kind: Count) -> int | None:
        """Compute a number that structure depends on."""
        try:
            value = read_value(kind, tree, place)
        except NeedsShapes:
            message = f"{what} cannot depend on channels: they are known only after the structure"
            self.sheet.complain("E115", message, tree, "use a number, a field or a constant")
            return None
        except Unread as error:
            self.sheet.complain(error.code, f"{what} {error.message}", error.at or tree, error.hint)
            return None
        return int(value)

    def inputs(self, root: Names, given: Mapping[str, str]) -> Wire | None:
        """Make the input layers; return what flows in when there is just one."""
        known = [each.name for each in self.spec.inputs]
        for name, text in given.items():
            if name and name not in known:
                at = scalar(text, Source(f"--input {name}={text}", text))
                hint = did_you_mean(name, known) or (
                    "its inputs are " + ", ".join(known)
                    if len(known) > 1
                    else "it has one, which needs no name: --input 224x224x3"
                )
                self.sheet.complain("E303", f"the spec has no input '{name}'", at, hint)
            elif not name and len(known) > 1:
                at = scalar(text, Source(f"--input {text}", text))
                hint = "say which: " + ", ".join(f"--input {each}=..." for each in known)
                self.sheet.complain("E303", f"the spec has {len(known)} inputs", at, hint)
        wire = None
        for each in self.spec.inputs:
            extents, tree = each.extents, each.tree
            option = given.get(each.name)
            if option is None and len(known) == 1:
                option = given.get("")
            if option is not None:
                tree = scalar(option, Source(f"--input {option}", option))
                extents = self.given_extents(tree)
            shape = self.shape(each.name, extents)
            draft = Draft(root, None, Input(shape=shape) if shape else BROKEN)
            self.sheet.drafts.append(draft)
            draft.name = each.name
            root.members[each.name] = draft
            wire = draft.out
        root.input = wire if len(known) == 1 else None
        return root.input

    def given_extents(self, tree: Scalar) -> tuple[Tree, ...]:
        """Split a shape that an option gives."""
        words = [word.strip() for word in _CROSS.split(tree.text)]
        known = (word.isdecimal() or self.scope.find(word) is not None for word in words)
        if len(words) <= 4 and all(known):
            return tuple(tree._replace(text=word) for word in words)
        message = f"an input is a shape like 224x224x3, not {describe(tree)}"
        hint = "one to four whole numbers: 224x224x3, 13x1 (length x channels), or 100 for a vector"
        self.sheet.complain("E303", message, tree, hint)
        return ()

    def shape(self, name: str, extents: tuple[Tree, ...]) -> Shape | None:
        dims = []
        for extent in extents:
            unknown = symbols(extent, self.scope) if isinstance(extent, Scalar) else set()
            if unknown:
                letter = min(unknown)
                message = f"{name}: '{letter}' has no value"
                hint = f"give it one with --set {letter}=224, or the whole shape with --input"
                self.sheet.complain("E121", message, extent, hint)
                continue
            value = self.number(extent, self.top, f"{name}: an extent", Count(1))
            if value is not None:
                dims.append(value)
        if not extents:  # complained about when they were read
            return None
        return shape_of(tuple(dims)) if len(dims) == len(extents) else None

    def expectations(self) -> dict[str, int]:
        """Compute the numbers that the spec expects."""
        found = {}
        for column, tree in self.spec.expect:
            value = self.number(tree, self.top, f"expect: {column}", _EXPECTED)
            if value is not None:
                found[column] = value
        return found
