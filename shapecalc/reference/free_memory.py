"""How much memory the machine has to spare."""

from __future__ import annotations


def free_bytes() -> int | None:
    """Return the bytes that a new process may take without swapping; None where no one tells."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None
