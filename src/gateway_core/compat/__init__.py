"""Drop-ins: other Discord libraries decode with gateway-core, and stay as they are otherwise.

A module for each library (`discordpy`, `disnake`, `nextcord`, `pycord`, `hikari`, `interactions`)
has the same three names:

    install()       the library's next connections decode with gateway-core
    uninstall()     they do not any more
    installed()     both, around a ``with`` block

    from gateway_core.compat import discordpy

    discordpy.install()  # before the client connects

Importing this package imports none of the libraries; `install` does. Each module's `SUPPORTED`
names the versions that it is tested with. Others are taken where their inner parts are the same,
and refused with `UnsupportedVersion`, before anything is changed, where they are not. `install` and
`uninstall` belong into a program's start and end: they are not meant to run at once in two threads.
"""

from __future__ import annotations

from ..errors import CompatError, UnsupportedVersion

__all__ = ["CompatError", "UnsupportedVersion"]
