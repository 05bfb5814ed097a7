"""``gateway-core replay``: a gateway that says what a recording says."""

from __future__ import annotations

import sys

from gateway_core.recording import Recording
from gateway_core.testing import ReplayGateway

from .arguments import ReplayOptions
from .process import say
from .serving import serve, server_tls

__all__ = ["replay"]


async def replay(options: ReplayOptions) -> int:
    """Serve until Ctrl-C, or until nobody reads; give the exit status.

    Raises:
        OSError: the file or the certificate cannot be read, or the port cannot be listened on.
        RecordingError: the file is no recording, or not a sound one.
    """
    recording = Recording(options.file)
    found = recording.summary()
    say(
        f"{found.frames:,} messages in {found.seconds:,.1f} s, {recording.compression}, "
        f"recorded {recording.began:%Y-%m-%d %H:%M} UTC"
    )
    if found.cut_short:
        say("the file ends in the middle of a frame, which is left out")
    gateway = ReplayGateway(
        recording,
        speed=options.speed,
        host=options.host,
        port=options.port,
        ssl=server_tls(options.certificate),
    )
    print(await serve(gateway), file=sys.stderr)
    return 0
