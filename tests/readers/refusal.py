"""How files that cannot be read are refused."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from shapecalc import SpecErrors

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def refused_as_unreadable(message: str, place: str = "") -> Iterator[None]:
    """Expect E009 with a message, at a place of the file."""
    with pytest.raises(SpecErrors) as caught:
        yield
    problem = caught.value.problems[0]
    assert problem.code == "E009"
    assert message in problem.message
    assert place in str(problem.origin)
