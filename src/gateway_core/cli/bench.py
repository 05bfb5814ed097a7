"""``gateway-core bench``: how fast the decoder is on this machine, against what is installed."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import gateway_core
from gateway_core._bench.contestants import (
    PARSERS,
    ZLIB_INFLATERS,
    ZSTD_INFLATERS,
    Bytes,
    Ours,
    Work,
    pairs,
    versions,
)
from gateway_core._bench.racing import Row, measure, race, ratio_lines
from gateway_core._bench.streams import MIXES, Stream, recorded, stream
from gateway_core._compressing import can_compress
from gateway_core.recording import Recording

from .arguments import BenchOptions
from .process import say

__all__ = ["bench"]

OnTurn = Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Group:
    """Contestants that decode the same frames."""

    name: str
    frames: Bytes
    contestants: Mapping[str, Work]
    baseline: str


def bench(options: BenchOptions) -> int:
    """Measure, print, and give the exit status.

    Raises:
        ImportError: a chart is asked for, and matplotlib is not installed.
        OSError: a file cannot be read or written.
        RecordingError: the file is no recording, or not a sound one.
    """
    if options.plot is not None:
        # Before the long wait, not after it.
        from gateway_core._bench.chart import chart
    if options.recording is None:
        streams = [stream(mix) for mix in MIXES]
    else:
        streams = [recorded(Recording(options.recording))]
    groups = list(_groups(streams))
    turns = (options.rounds + 1) * sum(len(group.contestants) for group in groups)
    rows: list[Row] = []
    with _progress(turns) as on_turn:
        for group in groups:
            contestants = {
                name: partial(work, group.frames) for name, work in group.contestants.items()
            }
            durations = race(contestants, options.rounds, on_turn)
            rows += [
                measure(group.name, name, group.baseline, len(group.frames), durations)
                for name in durations
            ]
    if options.json:
        print(json.dumps(_document(options, streams, rows), indent=1))
    else:
        print(", ".join(f"{name} {version}" for name, version in versions().items()))
        for measured in streams:
            print(measured)
        print("\n".join(ratio_lines(rows)))
    if options.plot is not None:
        chart(rows, options.plot)
        say(f"drew {options.plot}")
    return 0


def _groups(streams: list[Stream]) -> Iterator[_Group]:
    parser = "orjson" if "orjson" in PARSERS else "json"
    for measured in streams:
        yield _Group(
            f"decode zlib-stream, {measured.name}",
            measured.zlib_frames,
            {**pairs(ZLIB_INFLATERS), **Ours(gateway_core.ZlibStreamDecoder).everything()},
            f"zlib + {parser}",
        )
    if not ZSTD_INFLATERS:
        say("zstd-stream is left out, since nothing is there to compare: pip install zstandard")
    elif not can_compress("zstd-stream"):
        say("zstd-stream is left out: to make one needs Python 3.14, or pip install backports.zstd")
    else:
        inflater = next(iter(ZSTD_INFLATERS))
        for measured in streams:
            yield _Group(
                f"decode zstd-stream, {measured.name}",
                measured.zstd_frames,
                {**pairs(ZSTD_INFLATERS), **Ours(gateway_core.ZstdStreamDecoder).everything()},
                f"{inflater} + {parser}",
            )


def _document(options: BenchOptions, streams: list[Stream], rows: list[Row]) -> dict[str, object]:
    return {
        "versions": versions(),
        "streams": [str(measured) for measured in streams],
        "rounds": options.rounds,
        "results": rows,
    }


@contextlib.contextmanager
def _progress(turns: int) -> Iterator[OnTurn]:
    """Show on standard error how far it is, where a person watches; give what counts a turn."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        yield _counter(turns)
        print(file=sys.stderr)
        return
    columns = (TextColumn("measuring"), BarColumn(), TimeRemainingColumn())
    # Without a thread of its own, which would be measured too.
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False) as progress:
        task = progress.add_task("", total=turns)
        yield lambda: progress.update(task, advance=1, refresh=True)


def _counter(turns: int) -> OnTurn:
    done = 0

    def on_turn() -> None:
        nonlocal done
        done += 1
        print(f"\rmeasuring: {done * 100 // turns} %", end="", file=sys.stderr, flush=True)

    return on_turn
