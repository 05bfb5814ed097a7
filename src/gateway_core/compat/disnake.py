"""disnake decodes with gateway-core: ``gateway_core.compat.disnake.install()``.

zlib-stream, which is all that disnake speaks.
"""

from __future__ import annotations

from ._discordpy_family import Family
from ._patching import DropIn

__all__ = ["SUPPORTED", "install", "installed", "uninstall"]

SUPPORTED = ("2.12.2",)
"""The versions that the drop-in is tested with."""

_FAMILY = Family(
    package="disnake",
    title="disnake",
    library="disnake",
    supported=SUPPORTED,
    frame="raw_msg",
    from_json="_from_json",
)
_DROP_IN = DropIn("disnake", _FAMILY.plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
