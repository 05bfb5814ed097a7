"""One command for how a cluster scales: 1, 10, 100, 500 shards in one process.

    python benchmarks/scale.py [FOLDER] [--counts 1,10,100,500] [--events 400000]

writes ``scale.json``, ``scale.md`` and ``scale.png`` into FOLDER (``docs/benchmarks`` by default),
in less than five minutes. Needs Linux and matplotlib. For each count there is a server, in a
process of its own, and a cluster for each measurement, likewise: see `scale_server.py` and
`scale_client.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import gateway_core
from scale_server import ROUNDS

HERE = Path(__file__).parent
PHASES = {
    "rest": "all_at_once",
    "rounds": "in_rounds",
    "zstd-stream": "pouring",
    "zlib-stream": "pouring",
}
"""What is measured, and against which gateway of the server."""

MOST_MESSAGES = 150_000
"""For one shard: they are made beforehand, which takes the server some seconds."""

Row = dict[str, Any]

COLUMNS = (
    ("shards", "shards", "{:,}"),
    ("start-up, all at once (s)", "startup_s", "{:.2f}"),
    ("CPU a shard (ms)", "startup_cpu_ms_per_shard", "{:.2f}"),
    ("start-up over the limit's minimum (s)", "over_minimum_s", "{:.2f} over {minimum_s:.0f}"),
    ("memory a shard at rest (KiB)", "memory_kib_per_shard", "{:,.0f}"),
    ("CPU at rest (% of a core)", "rest_cpu_percent", "{:.2f}"),
    ("a shard (µs/s)", "rest_cpu_us_per_shard_and_second", "{:.0f}"),
)

TRAFFIC_COLUMNS = (
    ("shards", "shards", "{:,}"),
    ("compression", "compression", "{}"),
    ("events", "events", "{:,}"),
    ("events/s", "events_per_s", "{:,.0f}"),
    ("CPU an event (µs)", "cpu_us_per_event", "{:.2f}"),
    ("of a core (%)", "busy_percent", "{:.0f}"),
    ("heartbeats", "heartbeats", "{:,}"),
    ("the latest (ms)", "latest_heartbeat_ms", "{:.1f}"),
    ("memory a shard after it (KiB)", "memory_after_traffic_kib_per_shard", "{:,.0f}"),
)

EXPLANATION = f"""\
One `Cluster` with its default settings in one process, with one I/O thread, over loopback and
without TLS. The gateway is another process on the same machine and shares its cores. Each
measurement is a process of its own. Events/s and CPU an event depend on the machine; what to look
for is how they change with the number of shards.

- **Start-up, all at once**: from entering the cluster to the end of `wait_ready`, with a simulator
  that lets every shard identify at once. The simulator's own work is in it; *CPU a shard* is the
  cluster's alone.
- **Over the limit's minimum**: the same with a simulator that keeps Discord's limit, one identify
  in 5 seconds for each of `max_concurrency` buckets. `max_concurrency` is a quarter of the shards,
  so the last ones may identify {5 * (ROUNDS - 1)} seconds after the first. The queue waits 0.1
  seconds longer between two turns, for what the network may squeeze together.
- **At rest**: after the guilds have come (one of 15 to 500 kB for most shards), ten seconds of
  nothing but heartbeats, 41.25 seconds apart as Discord's are. Memory is resident memory beyond
  that of a process that has run one shard before.
- **Traffic**: every shard is sent its part of the events at once, as fast as it takes them. The
  consumer builds every `d` and does nothing else. *Of a core*: 100 is all that one Python process
  can do; less says that the machine or the gateway was busy. *Heartbeats* are those that were due
  meanwhile, and *the latest* was sent so long after its time. *Memory after it* is that of buffers
  and queues which were full once: a zstd stream keeps a window of 256 KiB and a block of 128 KiB,
  a zlib stream 32 KiB.
"""


@contextmanager
def server(shards: int, events: int) -> Iterator[dict[str, str]]:
    """Give the addresses of a server's gateways."""
    messages = min(MOST_MESSAGES, -(-events // shards))
    command = [sys.executable, str(HERE / "scale_server.py"), str(shards), str(messages)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        addresses: dict[str, str] = json.loads(process.stdout.readline())
        try:
            yield addresses
        finally:
            process.stdin.close()


def client(phase: str, shards: int, url: str) -> Row:
    command = [sys.executable, str(HERE / "scale_client.py"), phase, str(shards), url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=240)
    measured: Row = json.loads(done.stdout)
    return measured


def measure(shards: int, events: int) -> Row:
    """Measure all of one count; nothing of it is shared with another."""
    row: Row = {"shards": shards, "traffic": []}
    with server(shards, events) as addresses:
        for phase, gateway in PHASES.items():
            found = client(phase, shards, addresses[gateway])
            print(f"{shards} shards, {phase}:", json.dumps(found), flush=True)
            if gateway == "pouring":
                row["traffic"].append({"shards": shards, "compression": phase, **found})
            else:
                row |= found
    concurrency = -(-shards // ROUNDS)
    row["minimum_s"] = 5.0 * (-(-shards // concurrency) - 1)
    row["over_minimum_s"] = row["startup_in_rounds_s"] - row["minimum_s"]
    return row


def table(columns: tuple[tuple[str, str, str], ...], rows: list[Row]) -> Iterator[str]:
    yield "| " + " | ".join(title for title, _, _ in columns) + " |"
    yield "|" + "---:|" * len(columns)
    for row in rows:
        cells = (
            "-" if row[key] is None else form.format(row[key], **row) for _, key, form in columns
        )
        yield "| " + " | ".join(cells) + " |"


def markdown(document: Row) -> str:
    rows = document["counts"]
    traffic = [measured for row in rows for measured in row["traffic"]]
    return "\n".join(
        (
            "# How a cluster scales",
            "",
            EXPLANATION,
            f"Measured {document['date']} on {document['cores']} cores: {document['versions']}.",
            "",
            *table(COLUMNS, rows),
            "",
            *table(TRAFFIC_COLUMNS, traffic),
            "",
            "![the same as curves](scale.png)",
            "",
        )
    )


def chart(rows: list[Row], path: Path) -> None:
    """Draw a curve of each figure over the number of shards."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    shards = [row["shards"] for row in rows]

    def at(key: str) -> list[float]:
        return [row[key] for row in rows]

    def under_traffic(compression: str, key: str) -> list[float]:
        return [
            float("nan") if measured[key] is None else measured[key]
            for row in rows
            for measured in row["traffic"]
            if measured["compression"] == compression
        ]

    zstd, zlib = "zstd-stream", "zlib-stream"
    late = "latest_heartbeat_ms"
    memory = "memory_after_traffic_kib_per_shard"
    panels: dict[str, dict[str, list[float]]] = {
        "start-up (s)": {
            "all at once": at("startup_s"),
            "over the limit's own minimum": at("over_minimum_s"),
        },
        "memory a shard (KiB)": {
            "at rest": at("memory_kib_per_shard"),
            "after traffic, zstd": under_traffic(zstd, memory),
            "after traffic, zlib": under_traffic(zlib, memory),
        },
        "CPU at rest (% of a core)": {"heartbeats only": at("rest_cpu_percent")},
        "events/s in total, every d built": {
            "zstd": under_traffic(zstd, "events_per_s"),
            "zlib": under_traffic(zlib, "events_per_s"),
        },
        "CPU an event (µs)": {
            "zstd": under_traffic(zstd, "cpu_us_per_event"),
            "zlib": under_traffic(zlib, "cpu_us_per_event"),
        },
        "latest heartbeat under traffic (ms late)": {
            "zstd": under_traffic(zstd, late),
            "zlib": under_traffic(zlib, late),
        },
    }
    figure, axes = pyplot.subplots(2, 3, figsize=(13, 7))
    for axis, (title, curves) in zip(axes.flat, panels.items(), strict=True):
        for name, values in curves.items():
            axis.plot(shards, values, "o-", label=name)
        axis.set_xscale("log")
        axis.set_xticks(shards, [str(count) for count in shards])
        axis.minorticks_off()
        axis.set_ylim(bottom=0)
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("shards in one process", fontsize=8)
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def allow_files(shards: int) -> None:
    """Let this process and its children have enough sockets open.

    Raises:
        SystemExit: the system does not allow so many.
    """
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = shards + 200
    if 0 <= most < needed:
        sys.exit(f"{shards} shards need {needed} open files; the limit is {most}: see ulimit -Hn")
    if 0 <= soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, most))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "docs" / "benchmarks")
    parser.add_argument("--counts", default="1,10,100,500", help="numbers of shards")
    parser.add_argument("--events", type=int, default=400_000, help="under traffic, in all")
    arguments = parser.parse_args()
    counts = [int(count) for count in arguments.counts.split(",")]
    allow_files(max(counts))
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    document: Row = {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "versions": f"CPython {platform.python_version()}, gateway-core {gateway_core.__version__} "
        f"({gateway_core.backend()}), websockets {version('websockets')}",
        "counts": [measure(count, arguments.events) for count in counts],
    }
    (folder / "scale.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (folder / "scale.md").write_text(markdown(document), "utf-8")
    chart(document["counts"], folder / "scale.png")
    print(f"wrote scale.json, scale.md and scale.png into {folder}")


if __name__ == "__main__":
    main()
