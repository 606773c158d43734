"""`python -m shapecalc`."""

from shapecalc.cli import program

if __name__ == "__main__":
    program()
