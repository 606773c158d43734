"""The counting conventions by name: this project's own, those of papers, and those of tools.

A convention is added as one `Profile` in one of the tables here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.counting.profiles.own import OWN, PAPERS
from shapecalc.counting.profiles.tools import GRAPHS, KERAS, TORCH

if TYPE_CHECKING:
    from shapecalc.counting.profile import Profile

PROFILES: dict[str, Profile] = {
    profile.name: profile for profile in (*OWN, *PAPERS, *TORCH, *GRAPHS, KERAS)
}
