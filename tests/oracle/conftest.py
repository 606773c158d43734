"""Real frameworks as judges: the tests here run where the extra `oracle` is installed."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `judge` and `twin`

collect_ignore = ["judge.py", "twin.py"]  # helpers without doctests
