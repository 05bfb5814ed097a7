"""That there are two backends, that they have one face, and how one is chosen."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from types import ModuleType

import pytest

import gateway_core
from gateway_core import _purepath, decoding

NATIVE = importlib.util.find_spec("gateway_core._fastpath") is not None


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_public_names_are_the_same(backend: ModuleType) -> None:
    for name in ("Payload", "ZlibStreamDecoder", "ZstdStreamDecoder", "PlainDecoder", "Inflator"):
        ours, twin = getattr(backend, name), getattr(_purepath, name)
        public = {member for member in dir(twin) if not member.startswith("_")}
        assert {member for member in dir(ours) if not member.startswith("_")} >= public
        for member in public:
            if inspect.isroutine(getattr(twin, member)):
                assert getattr(ours, member).__doc__


@pytest.mark.parametrize("forced", ["1", "yes"])
def test_the_twin_can_be_forced(forced: str) -> None:
    code = "import gateway_core; print(gateway_core.backend().name, gateway_core.loads.__module__)"
    assert run(code, GATEWAY_CORE_PURE=forced) == "pure gateway_core._purepath"


@pytest.mark.parametrize("unforced", ["0", ""])
def test_the_extension_is_used_where_it_is(unforced: str) -> None:
    code = "import gateway_core; print(gateway_core.backend().name)"
    assert run(code, GATEWAY_CORE_PURE=unforced) == ("native" if NATIVE else "pure")


def test_backend_names_versions() -> None:
    said = str(gateway_core.backend())
    assert said == run("import gateway_core; print(gateway_core.backend())")
    assert "zlib" in said
    assert "zstd" in said
    assert "json" in said


def test_the_decoder_alone_is_light() -> None:
    code = (
        "import sys, gateway_core; gateway_core.loads(b'1'); gateway_core.ZlibStreamDecoder();"
        "print([name for name in ('asyncio', 'websockets', 'logging') if name in sys.modules])"
    )
    assert run(code) == "[]"


def test_every_public_name_can_be_had() -> None:
    for name in gateway_core.__all__:
        assert getattr(gateway_core, name) is not None
    assert set(gateway_core.__all__) <= set(dir(gateway_core))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = gateway_core.nonsense


@pytest.mark.parametrize(
    ("compression", "kind"),
    [
        ("zlib-stream", decoding.ZlibStreamDecoder),
        ("zstd-stream", decoding.ZstdStreamDecoder),
        (None, decoding.PlainDecoder),
    ],
)
def test_make_decoder(compression: decoding.Compression | None, kind: type) -> None:
    decoder = decoding.make_decoder(compression, wanted={"A"}, max_message_size=100)
    assert type(decoder) is kind


def test_make_decoder_knows_no_other_compression() -> None:
    with pytest.raises(ValueError, match=r"'gzip'.*zlib-stream"):
        decoding.make_decoder("gzip")  # type: ignore[arg-type]
