"""The program: `shapecalc`, or `python -m shapecalc`."""

from __future__ import annotations

import sys


def program() -> None:
    """Run the command line; Ctrl-C ends it quietly, from here on."""
    try:
        import gc

        gc.set_threshold(50_000)  # what the start makes stays, and most commands end soon after it
        from shapecalc.cli import program as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)  # `cli.INTERRUPTED`, which may not be there yet


if __name__ == "__main__":
    program()
