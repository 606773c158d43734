"""The laws' random layers come from `tests/laws` and `tests/oracle`."""

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]

for _folder in (TESTS / "laws", TESTS / "oracle"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
