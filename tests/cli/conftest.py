"""The commands under test are interrupted."""

from __future__ import annotations

from interruptible import interruptible

__all__ = ["interruptible"]
