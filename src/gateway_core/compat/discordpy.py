"""discord.py decodes with gateway-core: ``gateway_core.compat.discordpy.install()``.

zlib-stream, and zstd-stream where discord.py asks for it: where the package `zstandard` is
installed, or on Python 3.14.
"""

from __future__ import annotations

from ._discordpy_family import Family
from ._patching import DropIn

__all__ = ["SUPPORTED", "install", "installed", "uninstall"]

SUPPORTED = ("2.7.1",)
"""The versions that the drop-in is tested with."""

_FAMILY = Family(
    package="discord",
    title="discord",
    library="discord.py",
    supported=SUPPORTED,
    frame="msg",
    from_json="_from_json",
    contexts=True,
)
_DROP_IN = DropIn("discord.py", _FAMILY.plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
