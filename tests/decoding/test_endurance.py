"""Memory and threads: nothing leaks, nothing is half-built, bombs stay small."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from gateway_core import DecodeError, InflateError, MessageTooLarge
from gateway_core.testing.traffic import Traffic, encode

pytestmark = pytest.mark.slow

SANITIZED = "asan" in os.environ.get("LD_PRELOAD", "")  # keeps what is freed, needs much more
memory_shows = pytest.mark.skipif(
    SANITIZED or not sys.platform.startswith("linux"), reason="resident memory says nothing here"
)


def resident() -> int:
    """Bytes of memory that the process has now."""
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()


def deflated(texts: list[bytes]) -> list[bytes]:
    stream = zlib.compressobj()
    return [stream.compress(text) + stream.flush(zlib.Z_SYNC_FLUSH) for text in texts]


def steady(count: int) -> list[bytes]:
    events = Traffic(seed=4).steady()
    return [encode(0, s, *event) for s, event in zip(range(1, count + 1), events, strict=False)]


def touch(payload: Any) -> None:
    with suppress(DecodeError, KeyError, TypeError):
        _ = payload.d
    with suppress(DecodeError, KeyError, TypeError):
        payload.at("/author/id")


@memory_shows
def test_a_hundred_thousand_messages_good_and_bad_leave_nothing(backend: ModuleType) -> None:
    good = deflated(steady(900))
    bad_texts = [b'{"op":"x"}', b"[]", b'{"t":"A","s":1,"op":0,"d":[1,}', b'{"op":0,"d":"\xff"}']
    bad = [deflated([text])[0] for text in bad_texts] + [b"garbage"]
    decoder = backend.ZlibStreamDecoder(max_message_size=100_000)
    rounds = 100 if backend.__name__.endswith("_fastpath") else 20

    def one_round() -> None:
        decoder.reset()
        for frame in good:
            touch(decoder.feed(frame))
        for frame in bad * 20:
            decoder.reset()
            with suppress(DecodeError):
                touch(decoder.feed(frame))

    for _ in range(3):
        one_round()
    gc.collect()
    objects, memory = sum(sys.getrefcount(o) for o in (None, True, False)), resident()
    for _ in range(rounds):
        one_round()
    gc.collect()
    assert resident() - memory < 4 * 1024 * 1024
    if sys.version_info < (3, 12):  # behind, these are immortal
        assert abs(sum(sys.getrefcount(o) for o in (None, True, False)) - objects) < 1000


@memory_shows
def test_a_bomb_is_refused_before_it_is_large(backend: ModuleType) -> None:
    stream = zlib.compressobj(1)
    head = stream.compress(b'{"op":0,"d":"') + stream.flush(zlib.Z_FULL_FLUSH)
    block = stream.compress(b" " * (1 << 24)) + stream.flush(zlib.Z_FULL_FLUSH)
    bomb = head + block * 128  # 2 GiB in 9 MB
    limit = 8 * 1024 * 1024
    decoder = backend.ZlibStreamDecoder(max_message_size=limit)
    before = resident()
    with pytest.raises(MessageTooLarge):
        decoder.feed(bomb)
    assert resident() - before < 3 * limit


@memory_shows
def test_a_large_message_does_not_stay(backend: ModuleType) -> None:
    frames = deflated([b'{"op":0,"d":"%s"}' % (b"x" * (4 << 20))] + [b'{"op":1}'] * 100)
    gc.collect()
    before = resident()
    count = 200 if backend.__name__.endswith("_fastpath") else 40
    decoders = [backend.ZlibStreamDecoder() for _ in range(count)]
    for decoder in decoders:
        for frame in frames:
            decoder.feed(frame)
    at_rest = (resident() - before) / len(decoders)
    zlib_itself = 64 * 1024  # its window of 32 KiB and its state
    assert at_rest < zlib_itself + 64 * 1024


LARGE_VALUE = """
import importlib, pathlib, resource, sys
decoder = importlib.import_module(sys.argv[1]).PlainDecoder()

def resident():
    return int(pathlib.Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()

small, large = b'{"op":0,"d":[1]}', b'{"op":0,"d":[%s1]}' % (b"1," * 4_000_000)
decoder.feed(small).d
before = resident()
decoder.feed(large).d
for _ in range(100):
    decoder.feed(small).d
print(resident() - before)
"""


@memory_shows
def test_a_large_value_does_not_stay(backend: ModuleType) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LARGE_VALUE, backend.__name__],
        env={**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"},  # what is large is unmapped at once
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 2 * 1024 * 1024


OUT_OF_MEMORY = """
import resource, sys, zlib
from gateway_core import _fastpath as backend
text = b'{"op":0,"d":[%s1]}' % (b"1," * 3_000_000)
frame = zlib.compress(text)
kept = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
hard = resource.getrlimit(resource.RLIMIT_AS)[1]
outcomes = []
for megabytes in range(0, 160, 4):
    resource.setrlimit(resource.RLIMIT_AS, (kept + megabytes * 2**20, hard))
    try:
        payload = backend.PlainDecoder().feed(frame)
        outcomes.append(len(payload.d))
    except MemoryError:
        outcomes.append(0)
    payload = None
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    assert backend.PlainDecoder().feed(b'{"op":0,"d":[[],{"a":1.5}]}').d == [[], {"a": 1.5}]
print(outcomes.count(0) > 3, outcomes[-1])
"""


@memory_shows
def test_running_out_of_memory_while_a_large_message_is_built(backend: ModuleType) -> None:
    if not backend.__name__.endswith("_fastpath"):
        pytest.skip("the interpreter's own business")
    done = subprocess.run([sys.executable, "-c", OUT_OF_MEMORY], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("True 3000001\n", "")


def test_decoders_of_several_threads_do_not_meet(backend: ModuleType) -> None:
    texts = steady(400)
    frames = deflated(texts)
    large = deflated([encode(0, 1, "GUILD_CREATE", Traffic().guild_create(Traffic().guilds[0]))])
    start = threading.Barrier(4)

    def work(_: int) -> list[bytes]:
        start.wait()
        decoder = backend.ZlibStreamDecoder()
        got = []
        for frame in frames:
            payload = decoder.feed(frame)
            touch(payload)
            got.append(payload.raw)
        decoder.reset()
        assert decoder.feed(large[0]).t == "GUILD_CREATE"
        return got

    with ThreadPoolExecutor(4) as pool:
        for got in pool.map(work, range(4)):
            assert got == texts


def test_one_payload_read_by_several_threads_is_built_once(backend: ModuleType) -> None:
    (text,) = steady(1)
    for _ in range(20):
        payload = backend.PlainDecoder().feed(text)
        start = threading.Barrier(4)

        def read(_: int, payload: Any = payload, start: Any = start) -> int:
            start.wait()
            return id(payload.d)

        with ThreadPoolExecutor(4) as pool:
            assert len(set(pool.map(read, range(4)))) == 1


def test_two_threads_in_one_decoder_are_told(backend: ModuleType) -> None:
    """It is a mistake, and must be an error or work, never a crash."""
    big = deflated([encode(0, 1, "A", ["x" * 100, list(range(300_000))])])[0]
    decoder = backend.ZlibStreamDecoder()
    start = threading.Barrier(2)
    errors: list[Exception] = []

    def work() -> None:
        start.wait()
        for _ in range(10):
            try:
                decoder.feed(big)
            except (RuntimeError, InflateError) as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    decoder.reset()
    assert decoder.feed(deflated([b'{"op":1}'])[0]).op == 1


def test_running_out_of_memory_breaks_nothing(backend: ModuleType) -> None:
    testcapi = pytest.importorskip("_testcapi")
    if not backend.__name__.endswith("_fastpath"):
        pytest.skip("the interpreter's own business")
    text = encode(0, 7, "EVENT", {"a": [1.5, "text", "é", {"b": None}] * 30, "k": [[]] * 20})
    frame = deflated([text])[0]
    expected = backend.PlainDecoder().feed(text).d
    failures = 0
    for allowed in range(400):
        decoder = backend.ZlibStreamDecoder()
        try:
            testcapi.set_nomemory(allowed, 0)
            payload = decoder.feed(frame)
            d = payload.d
            value = payload.at("/a/3")
        except MemoryError:
            failures += 1
            continue
        finally:
            testcapi.remove_mem_hooks()
        assert d == expected
        assert value == {"b": None}
    assert failures > 20
    assert backend.PlainDecoder().feed(text).d == expected
