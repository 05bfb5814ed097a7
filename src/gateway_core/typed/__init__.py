"""Types for what events hold: Discord's documented fields, checked before the program runs.

    async for event in typed(shard):
        if event.t == "MESSAGE_CREATE":
            print(event.d["content"])  # a str; event.d["contents"] would be an error

`typed` gives back what it was given, and costs nothing. With it, a type checker takes an event for
one of `Dispatch`, and comparing `event.t` with a name (``if``, ``match``) tells it which: `event.d`
is then that dispatch's TypedDict. A handler can name a dispatch by its class, such as
``def greet(event: GuildMemberAdd)``. When the program runs, all these classes are `Payload`.

Nothing is validated: what Discord sends is taken to be what it documents. A dispatch that it does
not document, or one that was not `wanted`, does not have the type that the checker sees.

The objects inside are in `gateway_core.typed.users`, `gateway_core.typed.guilds` and
`gateway_core.typed.messages`.
"""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, TypedDict, overload

from ..decoding import Payload
from .dispatches import *  # noqa: F403
from .dispatches import Dispatch
from .dispatches import __all__ as _dispatches

if TYPE_CHECKING:
    from ..events import ControlEvent
    from ..sharding import ShardId

__all__ = ["Envelope", "typed"]
__all__ += _dispatches


class Envelope(TypedDict):
    """A whole gateway message as JSON has it, such as ``loads(payload.raw)``.

    Source:
        Discord documentation, "Gateway Events", section "Payload Structure".
    """

    op: int
    d: object
    s: int | None
    t: str | None


@overload
def typed(events: Payload, /) -> Dispatch: ...
@overload
def typed(events: AsyncIterable[Payload], /) -> AsyncIterable[Dispatch]: ...
@overload
def typed(
    events: AsyncIterable[tuple[ShardId, Payload]], /
) -> AsyncIterable[tuple[ShardId, Dispatch]]: ...
@overload
def typed(
    events: AsyncIterable[Payload | ControlEvent], /
) -> AsyncIterable[Dispatch | ControlEvent]: ...
@overload
def typed(
    events: AsyncIterable[tuple[ShardId, Payload | ControlEvent]], /
) -> AsyncIterable[tuple[ShardId, Dispatch | ControlEvent]]: ...
def typed(events: object, /) -> object:
    """Give back a `Payload`, a `Shard` or a `Cluster`, with typed events for the type checker."""
    return events
