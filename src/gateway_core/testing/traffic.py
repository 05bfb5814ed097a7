"""Dispatches as a bot receives them, made up from a seed: for the simulator and for benchmarks.

    traffic = Traffic(seed=7)
    for t, d in traffic.startup():
        ...                                  # READY, then a GUILD_CREATE for each guild
    for s, (t, d) in enumerate(traffic.steady(), start=22):
        frame = encode(OpCode.DISPATCH, s, t, d)

The events are consistent: who leaves is gone, who writes is a member, what is edited, deleted or
reacted to is a message that exists, and ids and timestamps rise with the world's own clock. The
same seed gives the same bytes on every platform and every Python.

Source:
    Discord documentation, "Gateway Events", section "Receive Events", and the resources it names.
"""

from __future__ import annotations

import json
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from itertools import accumulate

from gateway_core.testing.clock import iso, past_snowflake
from gateway_core.testing.content import Data, attachment, buttons, embed, text
from gateway_core.testing.words import EMOJI
from gateway_core.testing.world import Channel, Guild, Member, Message, World

__all__ = ["Traffic", "encode"]

Event = tuple[str, Data]

_dumps = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode

_REMEMBERED = 120
"""Messages of a guild that can still be changed."""


def encode(op: int, s: int | None, t: str | None, d: object) -> bytes:
    """Write a gateway message as Discord does: compact UTF-8, keys in the order t, s, op, d.

    Args:
        op: the opcode.
        s: the sequence, for dispatches.
        t: the event's name, for dispatches.
        d: the data: whatever JSON can say.

    Raises:
        TypeError: JSON cannot say `d`.
        ValueError: `d` has a number that is not finite, or text with half of a surrogate pair.
    """
    sequence = "null" if s is None else s
    return f'{{"t":{_dumps(t)},"s":{sequence},"op":{int(op)},"d":{_dumps(d)}}}'.encode()


class Traffic:
    """A bot's guilds and what happens in them.

    Data that has been given out is never changed by later events, and must not be changed by its
    receiver: events share parts.

    Args:
        seed: an integer; everything follows from it and from the next two.
        guilds: how many guilds the bot is in, at least 1. For 1 to 24 and for 32 shards they fall
            on the shards as evenly as can be.
        members: the median of the guilds' numbers of members, at least 4. With the default, the
            median GUILD_CREATE is of some 63 kB, and that of the largest guild of several hundred.

    Raises:
        ValueError: too few guilds or members.
    """

    def __init__(self, seed: int = 0, *, guilds: int = 20, members: int = 70) -> None:
        self.world = World(seed, guilds, members)
        """The guilds and their members as they are now, and the clock."""
        self._dice = self.world.dice
        self._guilds = {guild.id: guild for guild in self.world.guilds}
        self._waiting: deque[Event] = deque()
        self._typing: tuple[Guild, Member, Channel] | None = None
        self._private: list[tuple[str, Member]] = []
        self._command_ids = [past_snowflake(self._dice, 300) for _ in range(5)]

    @property
    def user(self) -> Data:
        """The bot's own user object."""
        return self.world.bot

    @property
    def application(self) -> Data:
        """The bot's partial application object, as READY carries it."""
        return {"id": self.user["id"], "flags": 565_248}

    @property
    def guilds(self) -> tuple[str, ...]:
        """The ids of all guilds."""
        return tuple(self._guilds)

    def guilds_of(self, shard: int, total: int) -> tuple[str, ...]:
        """Give the ids of the guilds of one shard of `total`."""
        return tuple(guild for guild in self._guilds if (int(guild) >> 22) % total == shard)

    def ready(
        self, session_id: str, resume_gateway_url: str, shard: tuple[int, int] = (0, 1)
    ) -> Data:
        """Give the data of a READY.

        Args:
            session_id: the session that begins.
            resume_gateway_url: where it can be resumed.
            shard: the shard's number and the total of shards.
        """
        user = self.user
        return {
            "v": 10,
            "user_settings": {},
            "user": {"verified": True, "mfa_enabled": True, "flags": 0, "email": None, **user},
            "shard": list(shard),
            "session_type": "normal",
            "session_id": session_id,
            "resume_gateway_url": resume_gateway_url,
            "relationships": [],
            "private_channels": [],
            "presences": [],
            "guilds": [{"unavailable": True, "id": guild} for guild in self.guilds_of(*shard)],
            "guild_join_requests": [],
            "application": self.application,
            "_trace": ['["gateway-prd-local-0001",{"micros":71483,"calls":[]}]'],
        }

    def guild_create(self, guild_id: str) -> Data:
        """Give the data of a GUILD_CREATE for a guild as it is now.

        Raises:
            KeyError: there is no such guild.
        """
        return self._guilds[guild_id].create()

    def startup(
        self,
        session_id: str = "0f4c2d7be83a4bd1a6a3d5f0c1f2e9b7",
        resume_gateway_url: str = "wss://gateway.invalid",
        shard: tuple[int, int] = (0, 1),
    ) -> Iterator[Event]:
        """Give what a shard receives after identifying: READY, then its guilds."""
        yield "READY", self.ready(session_id, resume_gateway_url, shard)
        for guild_id in self.guilds_of(*shard):
            yield "GUILD_CREATE", self.guild_create(guild_id)

    def steady(self) -> Iterator[Event]:
        """Give what happens from now on in all guilds and in direct messages, without end."""
        world = self.world
        draw = self._dice.random
        waiting = self._waiting
        while True:
            world.pass_time()
            if waiting:
                yield waiting.popleft()
                continue
            yield _HAPPENINGS[bisect(_LIMITS, draw())](self, world.some_guild())

    # Messages

    def _message(self, guild: Guild) -> Event:
        dice = self._dice
        draw = dice.random
        typing, self._typing = self._typing, None
        if draw() < 0.01:
            return self._private_message()
        if typing is not None and typing[1].here and draw() < 0.6:
            guild, author, channel = typing
        else:
            author = (
                dice.pick(guild.bots)
                if guild.bots and draw() < 0.06
                else self.world.some_member(guild)
            )
            channel = dice.word(guild.text)
        message = self._write(guild, channel, author)
        channel.last_message_id = message["id"]
        recent = guild.recent
        recent.append(Message(author, message))
        if len(recent) > _REMEMBERED:
            del recent[: _REMEMBERED // 4]
        return "MESSAGE_CREATE", message

    def _write(self, guild: Guild, channel: Channel, author: Member) -> Data:
        world = self.world
        dice = self._dice
        draw = dice.random
        message_id = world.snowflake()
        content = text(dice, author.language)
        mentions: list[Data] = []
        message: Data = {
            "type": 0,
            "tts": False,
            "timestamp": iso(world.now),
            "pinned": False,
            "nonce": str(int(message_id) - dice.below(1 << 30)),
            "mentions": mentions,
            "mention_roles": [],
            "mention_everyone": False,
            "member": author.info,
            "id": message_id,
            "flags": 0,
            "embeds": [],
            "edited_timestamp": None,
            "content": content,
            "components": [],
            "channel_type": 0,
            "channel_id": channel.id,
            "author": author.user,
            "attachments": [],
            "guild_id": guild.id,
        }
        if author.bot:
            del message["nonce"]
            message["content"] = "" if draw() < 0.6 else content
            message["embeds"] = [embed(dice, author.language, world.now)]
            if draw() < 0.4:
                message["components"] = [buttons(dice, guild.language)]
            return message
        chance = draw()
        if chance < 0.16 and guild.recent:
            answered = guild.recent[-1 - dice.below(min(8, len(guild.recent)))]
            original = answered.data
            message["type"] = 19
            message["message_reference"] = {
                "type": 0,
                "message_id": original["id"],
                "guild_id": guild.id,
                "channel_id": original["channel_id"],
            }
            message["channel_id"] = original["channel_id"]
            message["referenced_message"] = {
                key: value
                for key, value in original.items()
                if key not in ("member", "guild_id", "referenced_message")
            }
            mentions.append({**answered.author.user, "member": answered.author.info})
        elif chance < 0.24:
            other = world.some_member(guild)
            message["content"] = f"<@{other.id}> {content}"
            mentions.append({**other.user, "member": other.info})
        elif chance < 0.25:
            role = dice.pick(guild.roles)
            if role["id"] != guild.id:
                message["content"] = f"<@&{role['id']}> {content}"
                message["mention_roles"] = [role["id"]]
        elif chance < 0.31:
            message["attachments"] = [attachment(dice, channel.id, world.snowflake())]
            message["content"] = content if draw() < 0.4 else ""
        elif chance < 0.34:
            url = f"https://example.com/{dice.hex32()[:11]}"
            message["content"] = f"{content} {url}"
            message["embeds"] = [
                {**embed(dice, author.language, world.now), "type": "link", "url": url}
            ]
        elif chance < 0.39 and guild.emojis:
            emoji = dice.word(guild.emojis)
            prefix = "a" if emoji["animated"] else ""
            message["content"] = f"{content} <{prefix}:{emoji['name']}:{emoji['id']}>"
        return message

    def _private_message(self) -> Event:
        world = self.world
        dice = self._dice
        if len(self._private) < 30:
            member = world.some_member(world.some_guild())
            self._private.append((world.snowflake(), member))
        channel_id, member = dice.pick(self._private)
        message_id = world.snowflake()
        return "MESSAGE_CREATE", {
            "type": 0,
            "tts": False,
            "timestamp": iso(world.now),
            "pinned": False,
            "nonce": str(int(message_id) - dice.below(1 << 30)),
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "id": message_id,
            "flags": 0,
            "embeds": [],
            "edited_timestamp": None,
            "content": text(dice, member.language),
            "components": [],
            "channel_type": 1,
            "channel_id": channel_id,
            "author": member.user,
            "attachments": [],
        }

    def _edit(self, guild: Guild) -> Event:
        if not guild.recent:
            return self._message(guild)
        message = self._dice.pick(guild.recent)
        if not message.author.here:
            return self._message(guild)
        # An edit carries the member as it is now, and its mentions are kept.
        message.data = {
            **message.data,
            "member": message.author.info,
            "edited_timestamp": iso(self.world.now),
            "content": f"{message.data['content']} {text(self._dice, message.author.language)}"[
                :2000
            ],
        }
        return "MESSAGE_UPDATE", message.data

    def _delete(self, guild: Guild) -> Event:
        if not guild.recent:
            return self._message(guild)
        data = guild.recent.pop(self._dice.below(len(guild.recent))).data
        return "MESSAGE_DELETE", {
            "id": data["id"],
            "guild_id": guild.id,
            "channel_id": data["channel_id"],
        }

    def _react(self, guild: Guild) -> Event:
        dice = self._dice
        if not guild.recent:
            return self._message(guild)
        message = guild.recent[-1 - dice.below(min(25, len(guild.recent)))]
        member = self.world.some_member(guild)
        if guild.emojis and dice.random() < 0.3:
            custom = dice.word(guild.emojis)
            emoji = {"name": custom["name"], "id": custom["id"], "animated": custom["animated"]}
        else:
            emoji = {"name": dice.word(EMOJI), "id": None}
        if (member.id, emoji) in message.reactions:
            return self._withdraw(guild, message, message.reactions.index((member.id, emoji)))
        message.reactions.append((member.id, emoji))
        return "MESSAGE_REACTION_ADD", {
            "user_id": member.id,
            "type": 0,
            "message_id": message.data["id"],
            "message_author_id": message.author.id,
            "member": member.full,
            "guild_id": guild.id,
            "emoji": emoji,
            "channel_id": message.data["channel_id"],
            "burst": False,
        }

    def _unreact(self, guild: Guild) -> Event:
        for message in reversed(guild.recent):
            if message.reactions:
                return self._withdraw(guild, message, self._dice.below(len(message.reactions)))
        return self._react(guild)

    def _withdraw(self, guild: Guild, message: Message, index: int) -> Event:
        user_id, emoji = message.reactions.pop(index)
        return "MESSAGE_REACTION_REMOVE", {
            "user_id": user_id,
            "type": 0,
            "message_id": message.data["id"],
            "guild_id": guild.id,
            "emoji": emoji,
            "channel_id": message.data["channel_id"],
            "burst": False,
        }

    # Members

    def _presence(self, guild: Guild) -> Event:
        member = self.world.some_member(guild)
        if not member.bot:
            self.world.change_presence(member)
        return "PRESENCE_UPDATE", {
            "user": {"id": member.id},
            "status": member.status,
            "guild_id": guild.id,
            "client_status": member.client_status,
            "activities": member.activities,
        }

    def _type(self, guild: Guild) -> Event:
        member = self.world.some_member(guild)
        channel = self._dice.word(guild.text)
        self._typing = (guild, member, channel)
        return "TYPING_START", {
            "user_id": member.id,
            "timestamp": self.world.now // 1000,
            "member": member.full,
            "guild_id": guild.id,
            "channel_id": channel.id,
        }

    def _come_or_go(self, guild: Guild) -> Event:
        count = len(guild.members)
        if self._dice.random() * count * 2 < guild.settled:
            return "GUILD_MEMBER_ADD", {**self.world.join(guild).full, "guild_id": guild.id}
        member = self.world.leave(guild)
        if member is None:
            return self._alter_member(guild)
        gone = ("GUILD_MEMBER_REMOVE", {"user": member.user, "guild_id": guild.id})
        if member.voice is None:
            return gone
        self._waiting.append(gone)
        return self._enter(guild, member, None)

    def _alter_member(self, guild: Guild) -> Event:
        world = self.world
        dice = self._dice
        member = world.some_member(guild)
        chance = dice.random()
        if chance < 0.5:
            role_id = dice.pick(guild.roles[1:])["id"]  # the first is everyone's
            roles = [role for role in member.info["roles"] if role != role_id]
            if len(roles) == len(member.info["roles"]):
                roles.append(role_id)
            member.change(roles=roles)
        elif chance < 0.9:
            member.change(nick=None if member.info["nick"] else world.nickname(member))
        else:
            member.change(communication_disabled_until=iso(world.now + 600_000))
        return "GUILD_MEMBER_UPDATE", {**member.full, "guild_id": guild.id}

    def _voice(self, guild: Guild) -> Event:
        world = self.world
        dice = self._dice
        inside = [member for member in guild.members if member.voice is not None]
        if inside and dice.random() < 0.6:
            member = dice.pick(inside)
            chance = dice.random()
            if chance < 0.5:
                channel_id = member.voice["channel_id"] if member.voice else None
            else:
                channel_id = None if chance < 0.9 else dice.pick(guild.voice)["id"]
        else:
            member = world.some_member(guild)
            channel_id = dice.pick(guild.voice)["id"]
        return self._enter(guild, member, channel_id)

    def _enter(self, guild: Guild, member: Member, channel_id: str | None) -> Event:
        state = self.world.voice_state(member, channel_id)
        member.voice = None if channel_id is None else state
        return "VOICE_STATE_UPDATE", {"member": member.full, **state, "guild_id": guild.id}

    # Interactions

    def _interaction(self, guild: Guild) -> Event:
        world = self.world
        dice = self._dice
        member = world.some_member(guild)
        channel = dice.word(guild.text)
        common: Data = {
            "version": 1,
            "token": f"aW50ZXJhY3Rpb24{dice.hex32()}{dice.hex32()}{dice.hex32()}",
            "member": {**member.full, "permissions": "2248473465835073"},
            "locale": member.language.locale,
            "id": world.snowflake(),
            "guild_locale": guild.language.locale,
            "guild_id": guild.id,
            "guild": {
                "locale": guild.language.locale,
                "id": guild.id,
                "features": guild.values["features"],
            },
            "entitlements": [],
            "context": 0,
            "channel_id": channel.id,
            "channel": {
                **channel.data,
                "permissions": "2248473465835073",
                "last_message_id": channel.last_message_id,
                "guild_id": guild.id,
            },
            "authorizing_integration_owners": {"0": guild.id},
            "attachment_size_limit": 10_485_760,
            "application_id": self.user["id"],
            "app_permissions": "1342565456",
        }
        chance = dice.random()
        if chance < 0.6:
            other = world.some_member(guild)
            options = [
                {"value": other.id, "type": 6, "name": "who"},
                {"value": text(dice, member.language), "type": 3, "name": "text"},
                {"value": dice.below(100), "type": 4, "name": "count"},
            ]
            resolved_member = {k: v for k, v in other.info.items() if k not in ("mute", "deaf")}
            common["data"] = {
                "type": 1,
                "resolved": {
                    "users": {other.id: other.user},
                    "members": {other.id: {**resolved_member, "permissions": "2248473465835073"}},
                },
                "options": options,
                "name": "greet",
                "id": self._command_ids[0],
            }
            kind = 2
        elif chance < 0.75:
            focused = text(dice, member.language)[:12]
            common["data"] = {
                "type": 1,
                "options": [{"value": focused, "type": 3, "name": "song", "focused": True}],
                "name": "play",
                "id": self._command_ids[1],
            }
            kind = 4
        elif chance < 0.95:
            message = self._own_message(guild, channel)
            custom_id = message["components"][0]["components"][0]["custom_id"]
            common["message"] = message
            common["data"] = {"id": 2, "custom_id": custom_id, "component_type": 2}
            kind = 3
        else:
            common["data"] = {
                "custom_id": f"feedback:{member.id}",
                "components": [
                    {
                        "type": 18,
                        "id": 1,
                        "component": {
                            "value": "\n".join(text(dice, member.language) for _ in range(2)),
                            "type": 4,
                            "id": 2,
                            "custom_id": "text",
                        },
                    }
                ],
            }
            kind = 5
        common["type"] = kind
        return "INTERACTION_CREATE", common

    def _own_message(self, guild: Guild, channel: Channel) -> Data:
        """Make a message of the bot's own with buttons, as an interaction repeats it."""
        bot = guild.members[0]
        message = self._write(guild, channel, bot)
        message["components"] = [buttons(self._dice, guild.language)]
        del message["member"], message["guild_id"]
        return message


# What happens how often, as shares of 1.
_SHARES = (
    (0.370, Traffic._message),
    (0.300, Traffic._presence),
    (0.120, Traffic._type),
    (0.060, Traffic._react),
    (0.010, Traffic._unreact),
    (0.030, Traffic._edit),
    (0.012, Traffic._delete),
    (0.045, Traffic._voice),
    (0.018, Traffic._come_or_go),
    (0.020, Traffic._alter_member),
    (1.000, Traffic._interaction),  # the rest, 0.015
)
_LIMITS = tuple(accumulate(share for share, _ in _SHARES))
_HAPPENINGS = tuple(happening for _, happening in _SHARES)
