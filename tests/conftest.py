"""What holds for all tests."""

import os

from hypothesis import settings

# How long an example takes is the machine's business: speed is measured in benchmarks/. What CI
# tries is the same each time, so that only a change can turn it red; a developer's run draws anew.
settings.register_profile("untimed", deadline=None)
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable" if os.environ.get("CI") else "untimed")
