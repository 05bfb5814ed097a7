"""``gateway-core simulate --matrix``: the package's own client meets every fault."""

from __future__ import annotations

import sys

from gateway_core.testing.faults import Fault
from gateway_core.testing.matrix import Outcome, all_cases, run_matrix, table

from .arguments import MatrixOptions
from .process import say

__all__ = ["matrix"]


async def matrix(options: MatrixOptions) -> int:
    """Run the fault matrix, print its table, and give the exit status.

    Raises:
        ValueError: the fault TLS was asked for without a certificate.
        OSError: the certificate cannot be read.
    """
    faults = options.faults or (*Fault, None)
    if options.faults is None and options.certificate is None:
        say("the fault TLS is left out: it needs --certificate")
        faults = tuple(fault for fault in faults if fault is not Fault.TLS)
    cases = all_cases(options.seeds, faults)
    progress = _Progress(len(cases))
    outcomes = await run_matrix(
        cases, certificate=options.certificate, on_outcome=progress.on_outcome
    )
    print(table(outcomes), flush=True)
    wrong = [outcome for outcome in outcomes if outcome.problems]
    for outcome in wrong:
        say(f"{outcome.case}: {'; '.join(outcome.problems)}")
    return 1 if wrong else 0


class _Progress:
    """How many cases are over, where a person watches."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._over = 0
        self._watched = sys.stderr.isatty()

    def on_outcome(self, outcome: Outcome) -> None:
        """Count a case."""
        self._over += 1
        if self._watched:
            end = "\n" if self._over == self._total else "\r"
            print(f"{self._over} of {self._total} cases", end=end, file=sys.stderr, flush=True)
