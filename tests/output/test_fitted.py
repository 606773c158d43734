"""Tables whose columns cannot be chosen leave some out on a narrow page, and say which."""

from __future__ import annotations

import pytest

from shapecalc.cli import main
from tests.runner import runner

#: By command: its width with every column, and what goes first, next, and so on.
COMMANDS = {
    ("training", "alexnet"): (
        82,
        ["params", "weight gradient", "input gradient", "forward"],
        ["layer", "step"],
    ),
    ("run", "lenet5"): (
        75,
        ["type", "deviation", "least", "largest", "output"],
        ["layer", "mean", "zeros"],
    ),
    ("verify", "lenet5"): (
        67,
        ["type", "output"],
        ["layer", "shape", "arrays", "MACs", "operations", "reach"],
    ),
}


def printed(command: tuple[str, str], width: int) -> tuple[list[str], str]:
    """Return the lines of the table, and all else as one line."""
    result = runner().invoke(main, [*command, "--width", str(width), "--format", "text"])
    lines = result.stdout.splitlines()
    rules = [number for number, line in enumerate(lines) if set(line) == {"─"}]
    table = lines[rules[0] - 1 : rules[-1] + 2]
    return table, " ".join(" ".join(lines).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_fits_its_page_as_long_as_something_can_go(command: tuple[str, str]) -> None:
    widest, drops, stay = COMMANDS[command]
    whole, _ = printed(command, 200)
    assert max(map(len, whole)) == widest
    for width in range(20, widest):
        table, text = printed(command, width)
        taken = max(map(len, table))
        gone = text.partition("Left out")[2].partition("; ")[0].rpartition(": ")[2].split(", ")
        assert sorted(gone, key=drops.index) == drops[: len(gone)]
        assert taken <= width or (gone and set(gone) == set(drops))
        assert all(name in table[0] for name in stay)
        assert not any(f" {name} " in f"{table[0]} " for name in gone)
        assert "a wider --width has all" in text
    assert "Left out" not in printed(command, widest)[1]
