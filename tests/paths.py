"""Where things lie: the repository, its specs, and the networks that the tests share."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SPECS = ROOT / "specs"
#: Whole networks of the literature, written in the language for the tests.
NETWORKS = TESTS / "networks"
