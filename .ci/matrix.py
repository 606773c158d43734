"""What `.ci/run` tests against: `pythons` lists interpreters, newest first; `oldest` lists pins.

An interpreter is a released CPython that can make an environment, on the PATH or among pyenv's.
The pins are the lower bounds of pyproject.toml: those of what is installed, and of the tests.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PROBE = """
import ensurepip, sys, sysconfig, venv
released = sys.implementation.name == "cpython" and sys.version_info.releaselevel == "final"
usual = released and not sysconfig.get_config_var("Py_GIL_DISABLED")
print(*sys.version_info[:3], sys.executable) if usual else sys.exit(1)
"""
LEAST = (3, 11)


def pythons() -> list[tuple[tuple[int, ...], str]]:
    """Return versions and paths of the interpreters, newest first, each version once."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [*map(Path, os.get_exec_path()), *pyenv.glob("versions/*/bin")]
    programs = [file for place in places for file in place.glob("python3.*")]
    versions: dict[tuple[int, ...], str] = {}
    for program in sorted(programs):
        if re.fullmatch(r"python3\.\d+", program.name):
            asked = subprocess.run(
                [program, "-c", PROBE], capture_output=True, text=True, check=False
            )
            if asked.returncode == 0:
                *numbers, path = asked.stdout.split(maxsplit=3)
                versions.setdefault(tuple(map(int, numbers)), path.strip())
    return sorted((each for each in versions.items() if each[0] >= LEAST), reverse=True)


def oldest() -> list[str]:
    """Return a pin at its lower bound for every requirement that has one."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    return [word.replace(">=", "==") for word in wanted if ">=" in word]


if __name__ == "__main__":
    if sys.argv[1:] == ["oldest"]:
        print(*oldest(), sep="\n")
    else:
        for version, path in pythons():
            print(".".join(map(str, version)), path)
