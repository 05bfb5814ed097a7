"""One suite, both backends: every test that takes `backend` runs against extension and twin."""

from __future__ import annotations

from types import ModuleType

import pytest

from decoding.backends import BACKENDS


@pytest.fixture(params=BACKENDS, ids=lambda module: module.__name__.rpartition(".")[2])
def backend(request: pytest.FixtureRequest) -> ModuleType:
    module = request.param
    assert isinstance(module, ModuleType)
    return module
