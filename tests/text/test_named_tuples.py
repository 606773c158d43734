"""Named tuples that are defined in less time are those of `typing` in all that is asked of them."""

from __future__ import annotations

import pickle
import typing

import pytest

from shapecalc.text import NamedTuple, Origin, Source, Span


class Ours(NamedTuple):
    """Two sides and a name."""

    height: int
    width: int = 7
    name: str = ""

    @property
    def size(self) -> int:
        """How many pixels there are."""
        return self.height * self.width

    @classmethod
    def square(cls, side: int) -> Ours:
        return cls(side, side)


class Typed(typing.NamedTuple):
    """Two sides and a name."""

    height: int
    width: int = 7
    name: str = ""


def test_they_are_made_and_read_as_those_of_typing():
    ours, typed = Ours(3, name="a"), Typed(3, name="a")
    assert ours == typed == (3, 7, "a")
    assert repr(ours).removeprefix("Ours") == repr(typed).removeprefix("Typed")
    for name in ("_fields", "_field_defaults", "__doc__", "__match_args__"):
        assert getattr(Ours, name) == getattr(Typed, name)
    assert tuple(Ours.__annotations__) == Ours._fields
    assert (Ours.__name__, Ours.__qualname__, Ours.__module__) == ("Ours", "Ours", __name__)
    assert ours._replace(width=5)._asdict() == {"height": 3, "width": 5, "name": "a"}


def test_they_have_their_methods():
    assert Ours(3, 5).size == 15
    assert Ours.square(4) == (4, 4, "")


def test_they_refuse_what_those_of_typing_refuse():
    for wrong in ({}, {"height": 1, "depth": 2}):
        for kind in (Ours, Typed):
            with pytest.raises(TypeError):
                kind(**wrong)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        Ours(3).height = 4  # type: ignore[misc]


def test_they_are_pickled_by_their_names():
    place = Origin(Source("a.yaml", "input: 8x8x3"), Span(0, 7, 0, 12))
    assert pickle.loads(pickle.dumps(place)) == place
    assert type(pickle.loads(pickle.dumps(Ours(3)))) is Ours
