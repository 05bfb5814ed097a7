"""What tests of the commands in processes of their own share."""

from __future__ import annotations

import os


def environment(token: str | None, **more: str) -> dict[str, str]:
    """This process's environment with that token, and without what would get in the way."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISCORD_TOKEN", "NO_COLOR", "TERM") and "proxy" not in name.lower()
    }
    return {**kept, **({} if token is None else {"DISCORD_TOKEN": token}), **more}
