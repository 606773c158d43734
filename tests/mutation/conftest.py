"""The laws' random layers come from `tests/verify` and `tests/oracle`."""

import sys

from tests.paths import TESTS

for _folder in (TESTS / "verify", TESTS / "oracle"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
