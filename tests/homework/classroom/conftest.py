"""The class of the tests and the reader of pages are helpers, no tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

collect_ignore = ["example_class.py", "pagereader.py"]
