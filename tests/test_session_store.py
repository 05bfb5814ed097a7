"""What stores of sessions show to others. What they keep is tested in test_cluster_resuming.py."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from gateway_core import FileSessionStore, MemorySessionStore, Session, ShardId

SHARD = ShardId(1, 4)
SESSION = Session("an id", 7, "wss://resume.example")


async def test_reprs_hold_no_session(tmp_path: Path) -> None:
    memory, files = MemorySessionStore(), FileSessionStore(tmp_path)
    await memory.save(SHARD, SESSION)
    await files.save(SHARD, SESSION)
    assert repr(memory) == "<MemorySessionStore of 1 sessions>"
    assert repr(files) == f"FileSessionStore({str(tmp_path)!r})"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    asyncio.run(FileSessionStore(tmp_path).save(SHARD, SESSION))
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
