"""gateway-core: Discord's gateway for Python.

Names are loaded when they are first used, so that the decoder alone costs neither asyncio nor
websockets. What effects ask of an adapter is in `gateway_core.effects`, what a shard reports beside
dispatches in `gateway_core.events`, the simulator in `gateway_core.testing`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    from .close_codes import CloseCode as CloseCode
    from .cluster import Cluster as Cluster
    from .cluster import Resharded as Resharded
    from .cluster_shard import ClusterShard as ClusterShard
    from .commands import Activity as Activity
    from .commands import ActivityType as ActivityType
    from .commands import Command as Command
    from .commands import ConnectionProperties as ConnectionProperties
    from .commands import Heartbeat as Heartbeat
    from .commands import Identify as Identify
    from .commands import RequestChannelInfo as RequestChannelInfo
    from .commands import RequestGuildMembers as RequestGuildMembers
    from .commands import RequestSoundboardSounds as RequestSoundboardSounds
    from .commands import Resume as Resume
    from .commands import UpdatePresence as UpdatePresence
    from .commands import UpdateVoiceState as UpdateVoiceState
    from .config import Config as Config
    from .connection import GatewayConnection as GatewayConnection
    from .decoding import Backend as Backend
    from .decoding import Inflator as Inflator
    from .decoding import Payload as Payload
    from .decoding import PlainDecoder as PlainDecoder
    from .decoding import ZlibStreamDecoder as ZlibStreamDecoder
    from .decoding import ZstdStreamDecoder as ZstdStreamDecoder
    from .decoding import backend as backend
    from .decoding import loads as loads
    from .decoding import make_decoder as make_decoder
    from .dispatches import DISPATCHES as DISPATCHES
    from .dispatches import EventType as EventType
    from .dispatches import dispatches_with as dispatches_with
    from .dispatches import intents_for as intents_for
    from .errors import CommandError as CommandError
    from .errors import CommandQueueFull as CommandQueueFull
    from .errors import CommandTooLarge as CommandTooLarge
    from .errors import CompatError as CompatError
    from .errors import DecodeError as DecodeError
    from .errors import FatalClose as FatalClose
    from .errors import GatewayError as GatewayError
    from .errors import InflateError as InflateError
    from .errors import JSONError as JSONError
    from .errors import LocalProtocolError as LocalProtocolError
    from .errors import MessageTooLarge as MessageTooLarge
    from .errors import ProtocolError as ProtocolError
    from .errors import RecordingError as RecordingError
    from .errors import RemoteProtocolError as RemoteProtocolError
    from .errors import SessionStartLimitReached as SessionStartLimitReached
    from .errors import ShardClosed as ShardClosed
    from .errors import ShardNotHere as ShardNotHere
    from .errors import UnsupportedVersion as UnsupportedVersion
    from .http import GatewayBot as GatewayBot
    from .http import HTTPError as HTTPError
    from .http import SessionStartLimit as SessionStartLimit
    from .http import Unauthorized as Unauthorized
    from .http import fetch_gateway_bot as fetch_gateway_bot
    from .identify_queue import IdentifyQueue as IdentifyQueue
    from .identify_queue import LocalIdentifyQueue as LocalIdentifyQueue
    from .identify_queue import NoQueue as NoQueue
    from .intents import Intents as Intents
    from .latency import Latency as Latency
    from .member_requests import GuildMembers as GuildMembers
    from .opcodes import OpCode as OpCode
    from .ratelimit import CommandRateLimiter as CommandRateLimiter
    from .session import Session as Session
    from .session_store import FileSessionStore as FileSessionStore
    from .session_store import MemorySessionStore as MemorySessionStore
    from .session_store import SessionStore as SessionStore
    from .shard import Shard as Shard
    from .shard import ShardInfo as ShardInfo
    from .shard import ShardStats as ShardStats
    from .sharding import ShardBucket as ShardBucket
    from .sharding import ShardId as ShardId
    from .sharding import ShardRange as ShardRange
    from .sharding import ShardState as ShardState

_MODULE_OF = {
    "CloseCode": "close_codes",
    "Cluster": "cluster",
    "Resharded": "cluster",
    "ClusterShard": "cluster_shard",
    "Activity": "commands",
    "ActivityType": "commands",
    "Command": "commands",
    "ConnectionProperties": "commands",
    "Heartbeat": "commands",
    "Identify": "commands",
    "RequestChannelInfo": "commands",
    "RequestGuildMembers": "commands",
    "RequestSoundboardSounds": "commands",
    "Resume": "commands",
    "UpdatePresence": "commands",
    "UpdateVoiceState": "commands",
    "Config": "config",
    "GatewayConnection": "connection",
    "Backend": "decoding",
    "Inflator": "decoding",
    "Payload": "decoding",
    "PlainDecoder": "decoding",
    "ZlibStreamDecoder": "decoding",
    "ZstdStreamDecoder": "decoding",
    "backend": "decoding",
    "loads": "decoding",
    "make_decoder": "decoding",
    "DISPATCHES": "dispatches",
    "EventType": "dispatches",
    "dispatches_with": "dispatches",
    "intents_for": "dispatches",
    "CommandError": "errors",
    "CommandQueueFull": "errors",
    "CommandTooLarge": "errors",
    "CompatError": "errors",
    "DecodeError": "errors",
    "FatalClose": "errors",
    "GatewayError": "errors",
    "InflateError": "errors",
    "JSONError": "errors",
    "LocalProtocolError": "errors",
    "MessageTooLarge": "errors",
    "ProtocolError": "errors",
    "RecordingError": "errors",
    "RemoteProtocolError": "errors",
    "SessionStartLimitReached": "errors",
    "ShardClosed": "errors",
    "ShardNotHere": "errors",
    "UnsupportedVersion": "errors",
    "GatewayBot": "http",
    "HTTPError": "http",
    "SessionStartLimit": "http",
    "Unauthorized": "http",
    "fetch_gateway_bot": "http",
    "IdentifyQueue": "identify_queue",
    "LocalIdentifyQueue": "identify_queue",
    "NoQueue": "identify_queue",
    "Intents": "intents",
    "Latency": "latency",
    "GuildMembers": "member_requests",
    "OpCode": "opcodes",
    "CommandRateLimiter": "ratelimit",
    "Session": "session",
    "FileSessionStore": "session_store",
    "MemorySessionStore": "session_store",
    "SessionStore": "session_store",
    "Shard": "shard",
    "ShardInfo": "shard",
    "ShardStats": "shard",
    "ShardBucket": "sharding",
    "ShardId": "sharding",
    "ShardRange": "sharding",
    "ShardState": "sharding",
}

__all__ = ["__version__", *_MODULE_OF]


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
