"""Virtual environments of other libraries, one for each, made when they are first needed.

They lie in the folder that the environment variable GATEWAY_CORE_PEERS names, else in
``.venv-peers`` of the checkout, and stay there. gateway-core comes into them as it was imported
here, over PYTHONPATH, without the packages beside it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import gateway_core

__all__ = ["ENVIRONMENTS", "Environment"]

_CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Environment:
    """A library as its users install it.

    Attributes:
        library: the name of its drop-in, a module of `gateway_core.compat`.
        requirements: what pip installs, the library first.
        compression: what the library asks for there.
    """

    library: str
    requirements: tuple[str, ...]
    compression: str = "zlib-stream"

    def __str__(self) -> str:
        return "+".join(self.requirements)

    @property
    def _folder(self) -> Path:
        folder = Path(os.environ.get("GATEWAY_CORE_PEERS") or _CHECKOUT / ".venv-peers")
        return folder.absolute() / f"{self}-{sys.implementation.cache_tag}"

    @property
    def python(self) -> str:
        """The interpreter in here."""
        windows = os.name == "nt"
        return str(self._folder / ("Scripts/python.exe" if windows else "bin/python"))

    def variables(self, *paths: Path) -> dict[str, str]:
        """Return the environment variables of a process in here, with more to import from."""
        folders = (self._folder / "gateway-core", *paths)
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}

    def make(self) -> None:
        """Make the environment where it is not there yet, or not finished."""
        finished = self._folder / "requirements.json"
        if not finished.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", self._folder], check=True)
            pip = [self.python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
            subprocess.run([*pip, *self.requirements], check=True)
            finished.write_text(json.dumps(self.requirements), "utf-8")
        package = self._folder / "gateway-core" / "gateway_core"
        package.parent.mkdir(exist_ok=True)
        package.unlink(missing_ok=True)
        package.symlink_to(Path(gateway_core.__file__).parent, target_is_directory=True)


# The drop-ins, with the library's name on the index, what makes it faster, and what that speaks.
_LIBRARIES: dict[str, tuple[str, tuple[str, ...], str]] = {
    "discordpy": ("discord.py", ("orjson", "zstandard"), "zstd-stream"),
    "disnake": ("disnake", ("orjson",), "zlib-stream"),
    "nextcord": ("nextcord", ("orjson",), "zlib-stream"),
    "pycord": ("py-cord", ("msgspec",), "zlib-stream"),
    "hikari": ("hikari", ("orjson", "backports.zstd"), "zstd-stream"),
    "interactions": ("interactions.py", ("orjson",), "zlib-stream"),
}


def _environments() -> Iterator[Environment]:
    for library, (package, extras, compression) in _LIBRARIES.items():
        for version in import_module(f"gateway_core.compat.{library}").SUPPORTED:
            yield Environment(library, (f"{package}=={version}",))
        yield Environment(library, (f"{package}=={version}", *extras), compression)


ENVIRONMENTS = tuple(_environments())
"""Each supported version as it is, and the newest with what makes it faster."""
