"""The laws draw the same random layers as the oracles do, from `tests/oracle/draw.py`."""

import sys
from pathlib import Path

from tests.paths import TESTS

HERE = Path(__file__).parent

for _folder in (HERE, TESTS / "oracle"):
    sys.path.insert(0, str(_folder))
collect_ignore = [path.name for path in HERE.glob("*.py") if not path.name.startswith("test_")]
