"""``gateway-core simulate``: a gateway for bots to be tested with."""

from __future__ import annotations

import sys

from gateway_core.testing import FakeGateway, FaultSchedule

from .arguments import SimulateOptions
from .serving import serve, server_tls

__all__ = ["simulate"]


async def simulate(options: SimulateOptions) -> int:
    """Serve until Ctrl-C, or until nobody reads; give the exit status.

    Raises:
        OSError: the port cannot be listened on, or the certificate cannot be read.
        ValueError: the options cannot be used together.
    """
    faults = None
    if options.chaos is not None:
        faults = FaultSchedule(options.chaos, options.faults)
    gateway = FakeGateway(
        seed=options.seed,
        guilds=options.guilds,
        members=options.members,
        rate=options.rate or None,
        token=options.token,
        heartbeat_interval=options.heartbeat_interval,
        shards=options.shards,
        faults=faults,
        host=options.host,
        port=options.port,
        ssl=server_tls(options.certificate),
    )
    print(await serve(gateway), file=sys.stderr)
    if faults is not None:
        print(f"faults       {len(faults.struck)}", file=sys.stderr)
    return 0
