"""The reports that the tests of the formats show."""

from functools import cache
from pathlib import Path

from shapecalc import load, loads
from shapecalc.report import Report

TESTS = Path(__file__).parent.parent
GOLDEN = TESTS / "golden"
#: Sequential, folded, with buffers, with connections, with several inputs, with far skips.
NAMES = (
    "alexnet",
    "alphago",
    "googlenet",
    "resnet50",
    "lenet5-1998",
    "padding-same",
    "small",
    "siamese",
    "two-input",
    "unet",
    "dcgan-generator",
)


@cache
def report(name: str) -> Report:
    """Return the report of the small spec, of a shipped one, or of a test of the language."""
    if name == "small":
        return loads((GOLDEN / "small.yaml").read_text(encoding="utf-8"))
    path = TESTS / "language" / f"{name}.yaml"
    return loads(path.read_text(encoding="utf-8")) if path.exists() else load(name)
