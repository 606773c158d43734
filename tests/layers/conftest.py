"""What the tests of the layers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import pytest

from shapecalc.errors import RuleError
from shapecalc.layers.base import arity_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape

    Refusal: TypeAlias = Callable[..., RuleError | None]


def _refusal(layer: Layer, *inputs: Shape) -> RuleError | None:
    if error := arity_error(layer, inputs):
        return error
    try:
        broken = [each for each in layer.requires(*inputs) if not each.holds()]
        if not broken:
            layer.output(*inputs)
    except RuleError as error:
        return error
    return broken[0].complain() if broken else None


@pytest.fixture
def refusal() -> Refusal:
    """Return a function that gives a layer's first complaint about its inputs, or None."""
    return _refusal
