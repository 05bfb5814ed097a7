"""The backends that are installed: the twin always, the extension where it is built."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from gateway_core import _purepath

BACKENDS: list[ModuleType] = [_purepath]
if importlib.util.find_spec("gateway_core._fastpath"):
    BACKENDS.insert(0, importlib.import_module("gateway_core._fastpath"))
