"""Metrics for Prometheus: how shards fare, read when somebody asks (extra ``metrics``).

    from prometheus_client import REGISTRY, start_http_server

    async with Cluster(token, intents, config=Config(measure=True)) as cluster:
        REGISTRY.register(GatewayCollector(cluster))
        start_http_server(9000)

All names begin with ``gateway_core_`` and carry the label ``shard`` (``"0/16"``). Units are the
base units of Prometheus and OpenTelemetry, seconds and bytes, and are part of the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

try:
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ImportError(
        "gateway_core.metrics needs prometheus_client: pip install 'gateway-core[metrics]'"
    ) from error

from ._runner import ShardInfo
from .sharding import ShardId, ShardState

__all__ = ["GatewayCollector"]

_PREFIX: Final = "gateway_core_"

_COUNTERS: Final = {
    "messages": ("messages", "Gateway messages received, of every opcode"),
    "received_bytes": ("bytes_in", "Bytes of frames received, as compressed by Discord"),
    "inflated_bytes": ("bytes_out", "Bytes of JSON text that they held"),
    "identifies": ("identifies", "Sessions begun"),
    "resumes": ("resumes", "Sessions that went on after a lost connection"),
    "reconnects": ("reconnects", "Connections that were lost or could not be made"),
    "read_pauses": ("pauses", "How often the socket was not read because the consumer was behind"),
}

_GAUGES: Final = {
    "queued_events": ("queued", "Events that wait for the consumer"),
    "queued_bytes": ("queued_bytes", "Bytes of JSON text that they came in, at most"),
    "queued_commands": ("commands_queued", "Commands that wait to be sent"),
    "available_commands": ("commands_available", "Messages that the command limit would let out"),
}


class _Source(Protocol):
    """A `Cluster` or a `Shard`."""

    def info(self) -> Mapping[ShardId, ShardInfo]:
        """Tell how each shard fares."""


class GatewayCollector(Collector):
    """Gives the metrics of a cluster or a shard to a registry of prometheus_client.

    Events by name and the histogram of decoding times need `Config.measure`.

    Args:
        source: a `Cluster` or a `Shard`; it is read from whatever thread the registry is.
    """

    def __init__(self, source: _Source) -> None:
        self._source = source

    def describe(self) -> list[Metric]:
        """Name no metrics beforehand: the source need not be entered yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give all metrics, as of now."""
        shards = {str(shard_id): info for shard_id, info in self._source.info().items()}
        for name, (field, text) in _COUNTERS.items():
            counter = CounterMetricFamily(_PREFIX + name, text, labels=["shard"])
            for shard, info in shards.items():
                counter.add_metric([shard], getattr(info.stats, field))
            yield counter
        for name, (field, text) in _GAUGES.items():
            gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["shard"])
            for shard, info in shards.items():
                gauge.add_metric([shard], getattr(info.stats, field))
            yield gauge
        yield self._latency(shards)
        yield self._states(shards)
        yield self._by_name(
            "events", "Dispatches received", {shard: info.events for shard, info in shards.items()}
        )
        yield self._by_name(
            "shed_events",
            "Dispatches dropped because the consumer was behind",
            {shard: info.shed for shard, info in shards.items()},
        )
        yield self._decoding(shards)

    def _latency(self, shards: Mapping[str, ShardInfo]) -> Metric:
        gauge = GaugeMetricFamily(
            f"{_PREFIX}latency_seconds",
            "Seconds that the last confirmed heartbeat took",
            labels=["shard"],
        )
        for shard, info in shards.items():
            if info.latency is not None:
                gauge.add_metric([shard], info.latency)
        return gauge

    def _states(self, shards: Mapping[str, ShardInfo]) -> Metric:
        gauge = GaugeMetricFamily(
            f"{_PREFIX}shard_state",
            "1 for the state that the shard is in",
            labels=["shard", "state"],
        )
        for shard, info in shards.items():
            for state in ShardState:
                gauge.add_metric([shard, state.value], float(info.state is state))
        return gauge

    def _by_name(self, name: str, text: str, counts: Mapping[str, Mapping[str, int]]) -> Metric:
        counter = CounterMetricFamily(_PREFIX + name, text, labels=["shard", "event"])
        for shard, by_name in counts.items():
            for event, count in by_name.items():
                counter.add_metric([shard, event], count)
        return counter

    def _decoding(self, shards: Mapping[str, ShardInfo]) -> Metric:
        histogram = HistogramMetricFamily(
            f"{_PREFIX}decode_seconds",
            "Seconds from a frame to its event, objects not built yet",
            labels=["shard"],
        )
        for shard, info in shards.items():
            if info.decoding is None:
                continue
            buckets: list[tuple[str, float]] = []
            count = 0
            for bound, frames in info.decoding.buckets:
                count += frames
                buckets.append((str(bound), count))
            buckets.append(("+Inf", count + info.decoding.slower))
            histogram.add_metric([shard], buckets, info.decoding.total)
        return histogram
