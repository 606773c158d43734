"""The simulated class is a helper of the tests, no test."""

collect_ignore = ["simulated.py"]
