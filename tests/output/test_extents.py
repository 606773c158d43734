"""Extents are set with a multiplication sign in every page and paper."""

from __future__ import annotations

import pytest

from shapecalc.cli import main
from tests.runner import runner

COMMANDS = {
    "summarize": ["summarize", "lenet5"],
    "verify": ["verify", "lenet5"],
    "run": ["run", "lenet5"],
    "explain": ["explain", "lenet5", "conv1"],
}
TIMES = {"html": "×", "latex": r"$\times$"}


def written(command: list[str], format_: str) -> str:
    done = runner().invoke(main, [*command, "-f", format_], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("format_", TIMES)
@pytest.mark.parametrize("name", COMMANDS)
def test_volumes_are_set_with_the_sign(name: str, format_: str) -> None:
    text = written(COMMANDS[name], format_)
    assert TIMES[format_].join(("28", "28", "6")) in text
    assert "28x28x6" not in text
