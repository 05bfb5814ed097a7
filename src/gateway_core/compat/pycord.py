"""py-cord decodes with gateway-core: ``gateway_core.compat.pycord.install()``.

zlib-stream, which is all that py-cord speaks.
"""

from __future__ import annotations

from ._discordpy_family import Family
from ._patching import DropIn

__all__ = ["SUPPORTED", "install", "installed", "uninstall"]

SUPPORTED = ("2.8.1",)
"""The versions that the drop-in is tested with."""

_FAMILY = Family(
    package="discord",
    title="pycord",
    library="py-cord",
    supported=SUPPORTED,
    frame="msg",
    from_json="_from_json",
)
_DROP_IN = DropIn("py-cord", _FAMILY.plan)

install = _DROP_IN.install
uninstall = _DROP_IN.uninstall
installed = _DROP_IN.installed
