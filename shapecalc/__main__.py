"""The program: `shapecalc`, or `python -m shapecalc`."""

from __future__ import annotations

import gc


def program() -> None:
    """Run the command line."""
    gc.set_threshold(50_000)  # what the start makes stays, and most commands end soon after it
    from shapecalc.cli import program as run

    run()


if __name__ == "__main__":
    program()
