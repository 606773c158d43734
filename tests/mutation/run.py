"""Plant every fault, one at a time, and print which law catches it, after how many examples.

    PYTHONPATH=. python tests/mutation/run.py
    PYTHONPATH=. python tests/mutation/run.py --seeds 5 same

With words only faults whose description or place holds one of them are planted.  Ends with 1 when
a fault survives.  The laws are those of `shapecalc verify` and of `tests/verify`; no law sees what
both forwards share, as at which end `same` has its odd pixel: hand-made cases (`tests/reference`)
and frameworks (`tests/oracle`) judge that.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from tests.mutation.catching import Caught, catch
from tests.mutation.faults_in_referee import REFEREE
from tests.mutation.faults_in_rules import RULES

if TYPE_CHECKING:
    from tests.mutation.fault import Fault


def line(fault: Fault, found: list[Caught]) -> str:
    """Write a fault's line: what, where, by which laws, after how many examples at most."""
    survived = sum(not each.laws for each in found)
    laws = ", ".join(dict.fromkeys(law for each in found for law in each.laws))
    told = f"SURVIVES {survived} of {len(found)}" if survived else laws
    most = max(each.examples for each in found)
    return f"{fault.word:16} {fault.what:52} {most:4}  {told}"


def main() -> int:
    """Run, print, count."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("words", nargs="*", help="plant only faults that hold one of these")
    parser.add_argument("--seeds", type=int, default=1, help="how often, with other examples")
    parser.add_argument("--examples", type=int, default=1000, help="examples before giving up")
    options = parser.parse_args()
    survivors, began = 0, time.perf_counter()
    for title, faults in (("in the rules", RULES), ("in the executor", REFEREE)):
        chosen = [
            fault
            for fault in faults
            if not options.words or any(word in f"{fault}" for word in options.words)
        ]
        print(f"{len(chosen)} faults {title}\n{'layer':16} {'fault':52} most  caught by")
        for fault in chosen:
            found = [catch(fault, options.examples, chance) for chance in range(options.seeds)]
            survivors += any(not each.laws for each in found)
            print(line(fault, found), flush=True)
        print()
    print(f"{survivors} survive; {time.perf_counter() - began:.0f} s")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
