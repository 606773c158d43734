"""What holds for all tests."""

from hypothesis import settings

# How long an example takes is the machine's business: speed is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
