"""Real frameworks as judges: the tests here run where the extra `oracle` is installed."""

import sys
from pathlib import Path

HERE = Path(__file__).parent

sys.path.insert(0, str(HERE))  # for the helpers beside the tests
collect_ignore = [path.name for path in HERE.glob("*.py") if not path.name.startswith("test_")]
