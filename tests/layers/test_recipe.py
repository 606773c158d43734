"""CONTRIBUTING.md's recipe for a layer type, followed step by step; a forgotten one is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from shapecalc.analysis.explain import output
from shapecalc.counting.profiles import PROFILES
from shapecalc.layers import BUILTIN, FAMILIES, OPAQUE
from shapecalc.layers.base import Layer, Parameter, Work
from shapecalc.layers.pool import MaxPool
from shapecalc.reference import registry
from tests.layers import recipe
from tests.layers.recipe import STATED, STEPS, missing
from tests.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FAMILY_FILES = ROOT / "shapecalc" / "layers"
#: Where a class states its word.
TYPE = re.compile(r'^    type: ClassVar\[str\] = "', re.MULTILINE)


@pytest.mark.parametrize("word", BUILTIN)
def test_every_layer_type_has_all_that_the_recipe_asks_for(word: str) -> None:
    assert missing(BUILTIN[word]) == {}


def test_every_file_with_a_type_is_a_family() -> None:
    files = {
        path.stem for path in FAMILY_FILES.glob("*.py") if TYPE.search(path.read_text("utf-8"))
    }
    assert files == {*FAMILIES, OPAQUE}


def test_what_has_no_rule_is_a_layer_and_in_no_list() -> None:
    assert OPAQUE in BUILTIN
    assert OPAQUE not in list(BUILTIN)
    assert BUILTIN[OPAQUE].type == OPAQUE


class Toy(Layer):
    """Scales every channel by a weight of its own."""

    type: ClassVar[str] = "toy"

    def weights(self, *inputs: Any) -> tuple[Parameter, ...]:
        return (Parameter("weight", (inputs[0].channels,)),)

    def work(self, inputs: Any, output: Any) -> Work:
        return Work(multiplies=output.size)


def test_a_forgotten_step_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Follow the recipe for a toy; after every step its complaints are gone, and only its."""
    complaints = missing(Toy)
    assert complaints["class"] == [
        f"Toy does not state {name}" for name in ("summary", "term", "learns")
    ] + ["Toy does not state counts"]
    for name in ("summary", "term", "learns", "counts"):
        monkeypatch.setattr(Toy, name, "scaling", raising=False)
    left = list(STEPS)
    assert list(missing(Toy)) == (left := left[1:])

    for name, role in {
        "forward": registry.forward, "backward": registry.backward_to_all,
        "counted": registry.counted, "formula": registry.formula, "slots": registry.slots,
    }.items():  # fmt: skip
        assert any(
            f"Toy has no function {name}: write it in" in text for text in complaints["referee"]
        )
        monkeypatch.setitem(role, Toy, lambda *_: None)
    assert list(missing(Toy)) == (left := left[1:])

    assert complaints["tests"] == ["no test in tests/layers/ names toy"]
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers" / "test_toy.py").write_text('answer("toy", 3)', "utf-8")
    monkeypatch.setattr(recipe, "TESTS", tmp_path)
    assert list(missing(Toy)) == (left := left[1:])

    assert complaints["words"] == ["Toy has no words for its shape"]
    monkeypatch.setattr(recipe.output.says, "dispatch", lambda made: made)
    assert list(missing(Toy)) == (left := left[1:])

    assert "thop neither has a rule for toy nor says that it has none" in complaints["profiles"]
    for name, profile in PROFILES.items():
        known = profile._replace(without=f"{profile.without}, scaling")
        monkeypatch.setitem(PROFILES, name, known)
    assert list(missing(Toy)) == (left := left[1:])

    assert complaints["docs"] == ["docs/layers.md has no toy: run `python docs/make.py`"]
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "layers.md").write_text("# layers\n\n### toy\n", "utf-8")
    monkeypatch.setattr(recipe, "ROOT", tmp_path)
    assert missing(Toy) == {}


def test_what_another_type_states_does_not_count() -> None:
    """A pool by another name has the maximum's words and no one's own: faults B and C."""

    class Other(MaxPool):
        """Another pool."""

        type: ClassVar[str] = "other"

    assert missing(Other)["class"] == [
        f"Other does not state {name}" for name in ("summary", "term", "learns")
    ]
    assert "Other has no function forward" in missing(Other)["referee"][0]
    assert output.says.dispatch(Other) is output.says.dispatch(MaxPool)


def test_the_recipe_names_every_step() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.split("## Add a layer type\n")[1].split("\n## ")[0]
    for step in STEPS.values():
        assert step.where in section
    for name in {*STATED, "forward", "backward", "counted", "formula", "slots"} - {"__doc__"}:
        assert f"`{name}`" in section
