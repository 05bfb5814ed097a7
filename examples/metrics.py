"""Metrics: what Prometheus reads of a cluster, at http://127.0.0.1:9000/metrics.

Needs the extra `metrics`. The environment variable METRICS_PORT names another port.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

from prometheus_client import REGISTRY, start_http_server

from gateway_core import Cluster, Config, Intents
from gateway_core.http import DEFAULT_BASE_URL
from gateway_core.metrics import GatewayCollector

API_URL = os.environ.get("DISCORD_API_URL", DEFAULT_BASE_URL)


async def main() -> None:
    token = os.environ["DISCORD_TOKEN"]
    # Counts by event name and decoding times cost a little for each message, so they are opt-in.
    config = Config(measure=True)
    async with Cluster(token, Intents.default(), config=config, api_url=API_URL) as cluster:
        REGISTRY.register(GatewayCollector(cluster))
        server, _ = start_http_server(int(os.environ.get("METRICS_PORT", "9000")), "127.0.0.1")
        print(f"http://127.0.0.1:{server.server_port}/metrics")
        await cluster.wait_ready()
        print("ready")
        async for _, _ in cluster:
            pass  # a bot's work


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
