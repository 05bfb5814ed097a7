"""A keeper before a store that is slow, fails, or is cancelled."""

from __future__ import annotations

import asyncio

import pytest

from gateway_core import MemorySessionStore, Session, ShardId
from gateway_core._session_keeper import SessionKeeper

FIRST, SECOND = ShardId(0, 2), ShardId(1, 2)


def session(sequence: int) -> Session:
    return Session("an id", sequence, "wss://resume.example")


class Store(MemorySessionStore):
    """Keeps what it is given, and can be told to answer late or with an error."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.failing: set[ShardId] = set()
        self.held: asyncio.Event | None = None
        self.reached = asyncio.Event()

    async def save(self, shard_id: ShardId, session: Session) -> None:
        self.calls.append(f"save {shard_id} {session.sequence}")
        if shard_id in self.failing:
            raise OSError("no room")
        await super().save(shard_id, session)
        if self.held is not None:
            self.reached.set()
            await self.held.wait()

    async def forget(self, shard_id: ShardId) -> None:
        self.calls.append(f"forget {shard_id}")
        await super().forget(shard_id)


async def test_what_has_changed_is_saved_and_what_has_ended_forgotten() -> None:
    store = Store()
    keeper = SessionKeeper(store)
    await keeper.keep({FIRST: session(1), SECOND: None})
    await keeper.keep({FIRST: session(1), SECOND: session(5)})
    await keeper.keep({FIRST: None})
    await keeper.keep({FIRST: None})
    assert store.calls == ["save 0/2 1", "save 1/2 5", "forget 0/2"]


async def test_what_was_loaded_is_not_saved_again() -> None:
    store = Store()
    await store.save(FIRST, session(3))
    store.calls.clear()
    keeper = SessionKeeper(store)
    assert await keeper.load((FIRST, SECOND)) == {FIRST: session(3)}
    await keeper.keep({FIRST: session(3)})
    assert store.calls == []
    await keeper.keep({FIRST: None})
    assert store.calls == ["forget 0/2"]


async def test_one_failure_does_not_let_the_others_overtake_the_next_round() -> None:
    store = Store()
    store.failing = {FIRST}
    store.held = asyncio.Event()
    keeper = SessionKeeper(store)
    slow = asyncio.create_task(keeper.keep({FIRST: session(1), SECOND: session(10)}))
    await store.reached.wait()
    later = asyncio.create_task(keeper.keep({FIRST: session(2), SECOND: session(20)}))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not slow.done()
    assert store.calls == ["save 0/2 1", "save 1/2 10"]
    store.failing = set()
    store.held.set()
    with pytest.raises(OSError, match="no room"):
        await slow
    await later
    assert await store.load(FIRST) == session(2)
    assert await store.load(SECOND) == session(20)


async def test_what_failed_is_tried_again() -> None:
    store = Store()
    store.failing = {FIRST}
    keeper = SessionKeeper(store)
    for _ in range(2):
        with pytest.raises(OSError, match="no room"):
            await keeper.keep({FIRST: session(1)})
    store.failing = set()
    await keeper.keep({FIRST: session(1)})
    assert store.calls == ["save 0/2 1"] * 3


async def cancelled_save() -> tuple[Store, SessionKeeper, asyncio.Event]:
    """A store that was at it when its caller was cancelled, and what lets it finish."""
    store = Store()
    store.held = held = asyncio.Event()
    keeper = SessionKeeper(store)
    saving = asyncio.create_task(keeper.keep({FIRST: session(1)}))
    await store.reached.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    return store, keeper, held


async def test_a_save_that_was_cancelled_is_not_taken_for_none() -> None:
    store, keeper, held = await cancelled_save()
    held.set()
    await keeper.keep({FIRST: None})
    assert store.calls == ["save 0/2 1", "forget 0/2"]
    assert await store.load(FIRST) is None


async def test_the_next_call_waits_for_one_that_was_cancelled() -> None:
    """The file store's thread goes on writing: a forgotten file would come back."""
    store, keeper, held = await cancelled_save()
    loading = asyncio.create_task(keeper.load((FIRST,)))
    forgetting = asyncio.create_task(keeper.keep({FIRST: None}))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not loading.done()
    assert store.calls == ["save 0/2 1"]
    held.set()
    assert await loading == {FIRST: session(1)}
    await forgetting
    assert store.calls == ["save 0/2 1", "forget 0/2"]


async def test_nothing_newer_is_kept_before_what_was_looked_at() -> None:
    store = Store()
    keeper = SessionKeeper(store)
    looking, go_on = asyncio.Event(), asyncio.Event()

    async def look() -> dict[ShardId, Session | None]:
        looking.set()
        await go_on.wait()
        return {FIRST: session(1)}

    round_ = asyncio.create_task(keeper.keep_up(look))
    await looking.wait()
    removed = asyncio.create_task(keeper.keep({FIRST: None}))
    for _ in range(5):
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(round_, removed)
    assert await store.load(FIRST) is None
