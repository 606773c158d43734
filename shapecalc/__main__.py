"""`python -m shapecalc`."""

from shapecalc.cli import run

if __name__ == "__main__":
    run()
