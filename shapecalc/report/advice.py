"""Advice on a network that does not exist: the sizes for which it would, the layout meant."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from shapecalc.errors import MAX_HINTS, RuleError, SpecErrors
from shapecalc.graph import Input
from shapecalc.graph.expand import expand, rebuilt
from shapecalc.report.propagate import propagate
from shapecalc.spec.doubts import meant_by
from shapecalc.text import Origin, Source, origin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.errors import Problem
    from shapecalc.graph import Graph
    from shapecalc.report.domain import Domain

#: What the rules say.
_OF_RULES = frozenset(f"E2{number:02}" for number in range(1, 11))
#: What they say of shapes that do not fit.
_OF_SHAPES = frozenset({"E202", "E204", "E205", "E206"})


def with_advice(errors: SpecErrors, graph: Graph, *, search: bool = True) -> SpecErrors:
    """Add to what is wrong with a network how to mend it; sizes that work are searched for."""
    problems = _with_layout(errors.problems, graph)
    if not search:
        return SpecErrors(problems)
    option = _to_blame(problems, graph)
    if option is None:
        return SpecErrors(_with_sizes(_with_edit(problems, graph), graph))
    own = errors.problems  # those without advice on the layout
    sizes = _sizes_that_work(graph)
    return SpecErrors(
        problem._replace(
            origin=Origin(option),
            hint=f"{graph.spec.name} takes {sizes}" if sizes and problem in own else problem.hint,
        )
        for problem in problems
    )


def _to_blame(problems: list[Problem], graph: Graph) -> Source | None:
    """Find the option without which the network exists: it is the place of what the rules say."""
    if not all(problem.code in _OF_RULES for problem in problems):
        return None
    settings, inputs = graph.options
    trials = [
        *(
            (f"--input {name}={text}" if name else f"--input {text}", text, settings, {})
            for name, text in inputs.items()
        ),
        *(
            (
                f"--set {name}={text}",
                text,
                {other: value for other, value in settings.items() if other != name},
                inputs,
            )
            for name, text in settings.items()
            if text != "free"
        ),
    ]
    for option, text, other_settings, other_inputs in trials:
        try:
            propagate(expand(graph.spec, other_settings, other_inputs), fields=False)
        except (SpecErrors, RuleError):
            continue
        return Source(option, text)
    return None


def _with_edit(problems: list[Problem], graph: Graph) -> list[Problem]:
    """Point at the edit without which the network exists, from what it breaks in its base."""
    edits = graph.spec.edits
    files = {edit.key.source for of_file in edits for edit in of_file.values()}
    in_base = [p for p in problems if p.origin is not None and p.origin.source not in files]
    if not in_base or not all(problem.code in _OF_RULES for problem in problems):
        return problems
    trials = ((number, path) for number, of_file in enumerate(edits) for path in of_file)
    for number, path in islice(trials, MAX_HINTS):
        left = {other: edit for other, edit in edits[number].items() if other != path}
        spec = graph.spec._replace(edits=(*edits[:number], left, *edits[number + 1 :]))
        try:
            propagate(expand(spec, *graph.options), fields=False)
        except (SpecErrors, RuleError):
            continue
        at = origin(edits[number][path].key)
        return [
            problem._replace(origin=at) if problem in in_base else problem for problem in problems
        ]
    return problems


def _with_layout(problems: Iterable[Problem], graph: Graph) -> list[Problem]:
    """Add to what the rules refuse that an input looks as if its channels were written first."""
    for node in graph.nodes:
        if isinstance(node.layer, Input):
            meant = meant_by(node.layer.shape)
            if meant:
                hint = f"shapes are height x width x channels: was {meant} meant?"
                return [
                    problem._replace(hint=hint) if problem.code in _OF_SHAPES else problem
                    for problem in problems
                ]
    return list(problems)


def _with_sizes(problems: list[Problem], graph: Graph) -> list[Problem]:
    """Add to branches that do not agree for which sizes of the input they would."""
    if graph.symbols or not any(problem.code == "E206" for problem in problems):
        return problems
    sizes = _sizes_that_work(graph)
    if not sizes:
        return problems
    hint = f"they agree for {sizes}"
    return [
        problem._replace(hint=hint) if problem.code == "E206" else problem for problem in problems
    ]


def _sizes_that_work(graph: Graph) -> str:
    """Say for which sides of its one input a network exists; nothing where none or all do."""
    from shapecalc.report.domain import Condition, domain_of

    shapes = [node.layer.shape for node in graph.nodes if isinstance(node.layer, Input)]
    letters = "DHW"[-len(shapes[0].sides) :] if len(shapes) == 1 and shapes[0].sides else ""
    if not letters or graph.spec.let.keys() & set(letters):
        return ""
    given = "x".join([*letters, str(shapes[0].channels)])
    settings = {k: text for k, text in graph.options.settings.items() if k not in letters}
    try:
        wired = expand(graph.spec, settings, {"": given})
        needs = propagate(wired, fields=False).needs
        domain = domain_of(wired.symbols, [Condition(*need) for need in needs])
    except (SpecErrors, RuleError):  # an expression grows too large
        return ""
    if domain.empty is not None or domain.mixed or not domain.limits:
        return ""
    bound = {limit.symbol for limit in domain.limits}
    texts = (
        text for name, text in zip(domain.symbols, domain.texts(), strict=True) if name in bound
    )
    if len(letters) == 1:  # the side of a sequence is a length
        texts = (re.sub(rf"\b{letters}\b", "length", text) for text in texts)
    return "; ".join(texts)


#: A network that no size fits is computed at this one, for messages with numbers.
_TRIED = 224


def no_size(graph: Graph, domain: Domain, name: str) -> SpecErrors:
    """Say why no value of a symbol fits, by what goes wrong at one."""
    numbers = domain.allowed.items()
    values = {
        symbol: _TRIED if _TRIED in allowed else allowed.smallest() or _TRIED
        for symbol, allowed in numbers
    }
    try:
        propagate(rebuilt(graph, values))
    except SpecErrors as error:
        hint = f"no value of {name} fits; this is how {name} = {_TRIED} fails"
        return SpecErrors([problem._replace(hint=hint) for problem in error.problems])
    raise AssertionError(f"{name} = {_TRIED} fits, and the domain is wrong: {domain}")
