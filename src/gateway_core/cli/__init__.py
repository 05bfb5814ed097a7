"""The command ``gateway-core``.

Exit status: 0 when it ended as asked (Ctrl-C and a closed pipe included), 1 when something failed,
2 when the command line makes no sense, 130 when Ctrl-C was pressed twice.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence

from gateway_core.errors import GatewayError

from .arguments import (
    BenchOptions,
    MatrixOptions,
    Options,
    RecordOptions,
    ReplayOptions,
    SimulateOptions,
    parse,
)
from .listen import listen

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and give its exit status.

    Args:
        arguments: what follows the command's name; by default that of this process.
    """
    options = parse(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        return 130
    except (GatewayError, OSError, ValueError, ImportError) as error:
        text = str(error) or type(error).__name__
        print(f"gateway-core: error: {' '.join(text.split())}", file=sys.stderr)
        return 1


def _run(options: Options) -> int:
    match options:
        case MatrixOptions():
            from .matrix import matrix

            return asyncio.run(matrix(options))
        case SimulateOptions():
            from .simulate import simulate

            return asyncio.run(simulate(options))
        case RecordOptions():
            from .record import record

            return asyncio.run(record(options, _token()))
        case ReplayOptions():
            from .replay import replay

            return asyncio.run(replay(options))
        case BenchOptions():
            from .bench import bench

            return bench(options)
    return asyncio.run(listen(options, _token()))


def _token() -> str:
    return os.environ.get("DISCORD_TOKEN", "").strip()
