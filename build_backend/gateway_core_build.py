"""setuptools' build backend, which asks for the native build's tools only where they are used.

With ``GATEWAY_CORE_PURE=1`` nothing is compiled, and setuptools alone is enough.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from setuptools import build_meta

if TYPE_CHECKING:
    from collections.abc import Mapping

build_wheel = build_meta.build_wheel
build_sdist = build_meta.build_sdist
build_editable = build_meta.build_editable
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable

_SOURCES = ["Cython==3.3.1", "pip>=23.2"]
"""What finds the sources: our own, and with pip those of others that a checkout does not have."""
_NATIVE = [*_SOURCES, "cmake>=3.25", "ninja>=1.11"]
"""What setup.py compiles with."""


def get_requires_for_build_wheel(config_settings: Mapping[str, object] | None = None) -> list[str]:
    """Return what must be installed, beside setuptools, to build a wheel."""
    return [] if os.environ.get("GATEWAY_CORE_PURE", "0") not in ("", "0") else _NATIVE


def get_requires_for_build_sdist(config_settings: Mapping[str, object] | None = None) -> list[str]:
    """Return what must be installed, beside setuptools, to bundle the sources of what is linked."""
    return _SOURCES


get_requires_for_build_editable = get_requires_for_build_wheel
