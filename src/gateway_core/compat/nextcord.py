"""nextcord decodes with gateway-core: ``gateway_core.compat.nextcord.install()``.

zlib-stream, which is all that nextcord speaks.
"""

from __future__ import annotations

from ._discordpy_family import Family
from ._patching import DropIn

__all__ = ["SUPPORTED", "install", "installed", "uninstall"]

SUPPORTED = ("2.6.0",)
"""The versions that the drop-in is tested with."""

_FAMILY = Family(
    package="nextcord",
    title="nextcord",
    library="nextcord",
    supported=SUPPORTED,
    frame="msg",
    from_json="from_json",
)
_DROP_IN = DropIn("nextcord", _FAMILY.plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
