"""What a layer type must have: the steps of CONTRIBUTING.md's recipe, each with what it misses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.explain import output
from shapecalc.counting.profile import without_rule
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers.base import Layer
from shapecalc.reference import registry
from tests.paths import ROOT, TESTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: What every type states itself; that of another type is seldom right.
STATED = ("type", "summary", "term", "learns", "__doc__")


class Step(NamedTuple):
    """A step of the recipe: the file where it is done, and what a type misses there."""

    where: str
    misses: Callable[[type[Layer]], Iterator[str]]


def _stated(made: type[Layer]) -> Iterator[str]:
    for name in STATED:
        if not isinstance(vars(made).get(name), str):
            yield f"{made.__name__} does not state {name}"
    idle = (made.work, made.weights) == (Layer.work, Layer.weights)
    if not idle and all("counts" not in vars(base) for base in made.__mro__ if base is not Layer):
        yield f"{made.__name__} does not state counts"


def _referee(made: type[Layer]) -> Iterator[str]:
    roles = [registry.backward_to_all, registry.counted, registry.formula]
    if registry.overwriting.own(made) is None:
        roles.insert(0, registry.forward)
    if made.weights is not Layer.weights:
        roles.append(registry.slots)
    for role in roles:
        try:
            role.needed(made)
        except LookupError as error:
            yield str(error)


def _tested(made: type[Layer]) -> Iterator[str]:
    name = re.compile(rf"\b({made.type}|{made.__name__})\b")
    files = set((TESTS / "layers").glob("test_*.py")) - {TESTS / "layers" / "test_recipe.py"}
    if not any(name.search(path.read_text("utf-8")) for path in files):
        yield f"no test in tests/layers/ names {made.type}"


def _explained(made: type[Layer]) -> Iterator[str]:
    if output.says.dispatch(made) is output.says.dispatch(Layer):
        yield f"{made.__name__} has no words for its shape"


def _profiled(made: type[Layer]) -> Iterator[str]:
    for profile in PROFILES.values():
        stated = profile.without.split(", ")
        missing = made.type in without_rule(profile, {made.type: made})
        if missing and not {made.type, made.term} & set(stated):
            yield f"{profile.name} neither has a rule for {made.type} nor says that it has none"


def _documented(made: type[Layer]) -> Iterator[str]:
    if f"\n### {made.type}\n" not in (ROOT / "docs" / "layers.md").read_text("utf-8"):
        yield f"docs/layers.md has no {made.type}: run `python docs/make.py`"


STEPS: Mapping[str, Step] = {
    "class": Step("shapecalc/layers/", _stated),
    "referee": Step("shapecalc/reference/", _referee),
    "tests": Step("tests/layers/", _tested),
    "words": Step("shapecalc/analysis/explain/output.py", _explained),
    "profiles": Step("shapecalc/counting/profiles/tools.py", _profiled),
    "docs": Step("docs/make.py", _documented),
}


def missing(made: type[Layer]) -> dict[str, list[str]]:
    """Return what a type misses, by the steps that are not done."""
    complaints = {name: list(step.misses(made)) for name, step in STEPS.items()}
    return {name: texts for name, texts in complaints.items() if texts}
