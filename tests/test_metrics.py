"""What Prometheus reads."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from prometheus_client import CollectorRegistry, generate_latest

from cluster_driver import cluster_at, mark_all, take_marked
from gateway_core.metrics import GatewayCollector
from shard_driver import shard_at, simulator, start, until


def registry_of(collector: GatewayCollector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


async def test_a_cluster() -> None:
    """Whatever is told agrees with what has happened; it is read on another thread."""
    async with simulator() as gateway:
        cluster = cluster_at(gateway, 2, options={"measure": True})
        registry = registry_of(GatewayCollector(cluster))
        assert registry.get_sample_value("gateway_core_messages_total", {"shard": "0/2"}) is None
        async with cluster:
            await cluster.wait_ready()
            mark_all(gateway, range(11), 2)
            await take_marked(cluster, 11)
            gateway.connections[0].cut()
            await gateway.wait_for_resume()
            for connection in gateway.connections:
                connection.request_heartbeat()  # of which the latency is known
            await until(
                lambda: (
                    all(i.latency is not None for i in cluster.info().values())
                    and sum(i.stats.resumes for i in cluster.info().values()) == 1
                )
            )
            text = (await asyncio.to_thread(generate_latest, registry)).decode()

            def value(name: str, **labels: str) -> float | None:
                return registry.get_sample_value(f"gateway_core_{name}", labels)

            total = {"0/2": 6.0, "1/2": 5.0}
            for shard, events in total.items():
                assert value("events_total", shard=shard, event="NOT_DOCUMENTED") == events
                assert value("events_total", shard=shard, event="READY") == 1
                assert value("shard_state", shard=shard, state="active") == 1
                assert value("shard_state", shard=shard, state="waiting") == 0
                assert value("identifies_total", shard=shard) == 1
                latency = value("latency_seconds", shard=shard)
                assert latency is not None
                assert 0 < latency < 5
                frames = value("decode_seconds_count", shard=shard)
                messages = value("messages_total", shard=shard)
                assert frames is not None
                assert messages is not None
                assert abs(frames - messages) < 3
                bounds = value("decode_seconds_bucket", shard=shard, le="0.5")
                assert bounds is not None
                assert 0 < bounds <= frames
            shards = total.keys()
            assert sum(value("resumes_total", shard=s) or 0 for s in shards) == 1
            assert sum(value("reconnects_total", shard=s) or 0 for s in shards) == 1
            assert "# TYPE gateway_core_received_bytes_total counter" in text
            assert "# TYPE gateway_core_decode_seconds histogram" in text


async def test_a_shard_that_sheds_and_is_not_measured() -> None:
    async with (
        simulator() as gateway,
        shard_at(gateway, queue_size=20, shed={"TYPING_START"}) as shard,
    ):
        registry = registry_of(GatewayCollector(shard))
        await start(shard, gateway)
        for _ in range(10):
            gateway.dispatch("NOT_DOCUMENTED", {}, shard=0)
        await until(lambda: shard.stats.queued == 10)
        gateway.dispatch("TYPING_START", {}, shard=0)
        await until(lambda: shard.stats.shed == 1)
        labels = {"shard": "0/1"}
        shed = {**labels, "event": "TYPING_START"}
        assert registry.get_sample_value("gateway_core_shed_events_total", shed) == 1
        assert registry.get_sample_value("gateway_core_queued_events", labels) == 10
        assert registry.get_sample_value("gateway_core_decode_seconds_count", labels) is None


async def test_names_are_what_dashboards_rely_on() -> None:
    """Units are base units, at the end of the name; counters end in total, as Prometheus wants."""
    counters = {"events", "shed_events", "messages", "received_bytes", "inflated_bytes"}
    counters |= {"identifies", "resumes", "reconnects", "read_pauses"}
    gauges = {"queued_events", "queued_bytes", "queued_commands", "available_commands"}
    gauges |= {"latency_seconds", "shard_state"}
    async with simulator() as gateway, shard_at(gateway, measure=True) as shard:
        families = list(registry_of(GatewayCollector(shard)).collect())
    assert {family.name: family.type for family in families} == {
        **{f"gateway_core_{name}": "counter" for name in counters},
        **{f"gateway_core_{name}": "gauge" for name in gauges},
        "gateway_core_decode_seconds": "histogram",
    }
    assert all(family.documentation for family in families)
    assert all("shard" in sample.labels for family in families for sample in family.samples)


def test_without_prometheus_client_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['prometheus_client'] = None; import gateway_core.metrics"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'gateway-core[metrics]'" in done.stderr
