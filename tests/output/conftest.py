"""What the tests of the formats share, and a terminal that is the same everywhere."""

import pytest

collect_ignore = ["browser.py", "reports.py", "reread.py"]  # helpers without doctests


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
