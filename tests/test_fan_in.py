"""Lanes of many shards and the limits that they share."""

from __future__ import annotations

from gateway_core._fan_in import ClusterStream, Lane, Shared
from gateway_core.decoding import Payload, PlainDecoder
from gateway_core.sharding import ShardId


def event() -> Payload:
    payload = PlainDecoder().feed(b'{"op": 0, "s": 1, "t": "A", "d": null}')
    assert payload is not None
    return payload


class TestBytes:
    async def test_what_is_kept_for_later_has_no_part_in_the_limit_of_all(self) -> None:
        """Nobody can take it, and so a lane that is taken from would never have room again."""
        shared = Shared(1_000)
        stream: ClusterStream[Payload] = ClusterStream(shared)
        room: list[str] = []
        taken_from, kept = (Lane(shared, ShardId(0, total), 100) for total in (1, 2))
        for name, lane in (("taken from", taken_from), ("kept", kept)):
            lane.consumed = lambda payload: None
            lane.on_room = lambda name=name: room.append(name)  # type: ignore[misc]
        taken_from.attach(stream)
        taken_from.put([event()], 1_200)
        kept.put([event()], 800)
        assert taken_from.full
        await anext(stream)
        assert not taken_from.full
        assert "taken from" in room
        assert (shared.size, kept.size) == (0, 800)
        kept.attach(stream)
        assert shared.size == 800
        shard_id, _ = await anext(stream)
        assert shard_id == ShardId(0, 2)
        assert shared.size == 0
