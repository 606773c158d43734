"""The tests of comparisons share a terminal that is the same everywhere."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for `nets`

collect_ignore = ["nets.py"]
