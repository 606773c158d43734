"""The laws' random layers come from `tests/laws` and `tests/oracle`."""

import sys

from tests.paths import TESTS

for _folder in (TESTS / "laws", TESTS / "oracle"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
