"""The backends that are installed: the twin always, the extension where it is built."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

import pytest

from gateway_core import _purepath

BACKENDS: list[ModuleType] = [_purepath]
if importlib.util.find_spec("gateway_core._fastpath"):
    BACKENDS.insert(0, importlib.import_module("gateway_core._fastpath"))

cpython = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="is said of CPython's memory, or of its json alone"
)
