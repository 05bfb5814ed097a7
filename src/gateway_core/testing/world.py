"""The world that `traffic` reports on: guilds, their members, channels, presences and voice.

Everything follows from one seed, on every platform and every Python.

Values that have been handed out are never changed afterwards; a change makes new ones. An event
therefore stays as it was, however long it is kept.

Source:
    Discord documentation, resources "Guild", "User", "Channel", "Voice" and topic "Permissions".
"""

from __future__ import annotations

from typing import Any

from gateway_core.testing.clock import BIRTH, DAY, DISCORD_EPOCH, iso, past_snowflake, snowflake_at
from gateway_core.testing.content import Data, custom_status, game, music
from gateway_core.testing.dice import Dice
from gateway_core.testing.words import EMOJI, LANGUAGES, SYLLABLES, Language

__all__ = ["Channel", "Guild", "Member", "Message", "World"]


# A multiple of 1 to 24 and of 32: guilds made this many milliseconds apart fall on one shard,
# whichever of these is the number of shards.
SHARDING_PERIOD = 10_708_457_760


class Member:
    """A user in one guild."""

    __slots__ = (
        "activities",
        "bot",
        "client_status",
        "full",
        "here",
        "id",
        "info",
        "language",
        "status",
        "user",
        "voice",
    )

    def __init__(self, user: Data, info: Data, language: Language) -> None:
        self.id: str = user["id"]
        self.user = user
        """The user object."""
        self.info = info
        """The member object without its user, as messages carry it."""
        self.full: Data = {"user": user, **info}
        """The member object."""
        self.language = language
        self.bot = "bot" in user
        self.here = True
        """False once the member has left."""
        self.status = "offline"
        self.activities: list[Data] = []
        self.client_status: dict[str, str] = {}
        self.voice: Data | None = None
        """The voice state without guild and member, None when not in a voice channel."""

    def change(self, **fields: Any) -> None:
        """Replace fields of the member object."""
        self.info = {**self.info, **fields}
        self.full = {"user": self.user, **self.info}


class Message:
    """A message that can still be edited, deleted or reacted to."""

    __slots__ = ("author", "data", "reactions")

    def __init__(self, author: Member, data: Data) -> None:
        self.author = author
        self.data = data
        self.reactions: list[tuple[str, Data]] = []
        """Who reacted, and the emoji, for each reaction."""


class Channel:
    """A text channel of a guild."""

    __slots__ = ("data", "id", "last_message_id")

    def __init__(self, data: Data) -> None:
        self.id: str = data["id"]
        self.data = data
        self.last_message_id: str | None = None


class Guild:
    """A guild as it is now."""

    __slots__ = (
        "bots",
        "categories",
        "emojis",
        "id",
        "language",
        "members",
        "recent",
        "roles",
        "settled",
        "text",
        "values",
        "voice",
    )

    def __init__(self, values: Data, language: Language) -> None:
        self.id: str = values["id"]
        self.values = values
        """The fields of the guild object that do not change here."""
        self.language = language
        self.categories: list[Data] = []
        self.text: list[Channel] = []
        self.voice: list[Data] = []
        self.roles: list[Data] = []
        self.emojis: list[Data] = []
        self.members: list[Member] = []
        """The bot first, the owner second, then the talkative before the quiet."""
        self.bots: list[Member] = []
        """Other bots."""
        self.settled = 0
        """The number of members that the guild tends to."""
        self.recent: list[Message] = []
        """The latest messages, oldest first."""

    def create(self) -> Data:
        """Give the data of a GUILD_CREATE for the guild as it is now."""
        members = self.members
        channels = [
            *self.categories,
            *(
                {**channel.data, "last_message_id": channel.last_message_id}
                for channel in self.text
            ),
            *self.voice,
        ]
        return {
            **self.values,
            "roles": list(self.roles),
            "emojis": list(self.emojis),
            "stickers": [],
            "large": len(members) > 250,
            "unavailable": False,
            "member_count": len(members),
            "members": [member.full for member in members],
            "channels": channels,
            "threads": [],
            "presences": [
                {
                    "user": {"id": member.id},
                    "status": member.status,
                    "client_status": member.client_status,
                    "activities": member.activities,
                }
                for member in members
                if member.status != "offline"
            ],
            "voice_states": [member.voice for member in members if member.voice is not None],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }


class World:
    """All guilds, the bot and the clock.

    Args:
        seed: the world is a function of this number and of the other two.
        guilds: how many guilds the bot is in, at least 1.
        members: the median of the guilds' numbers of members, at least 4. One guild has seven
            times as many.
    """

    def __init__(self, seed: int, guilds: int, members: int) -> None:
        if guilds < 1:
            raise ValueError(f"a world has at least 1 guild, not {guilds}")
        if members < 4:
            raise ValueError(f"guilds have at least 4 members in the middle, not {members}")
        self.dice = Dice(seed)
        self.now = BIRTH
        """The world's Unix time in milliseconds."""
        self._last_snowflake = 0
        self._strangers: list[tuple[Data, Language]] = []
        self.bot = self._user("gateway-core-bot", None, bot=True)
        self.guilds: list[Guild] = []
        sizes = self._sizes(guilds, members)
        for index in range(guilds):
            made = BIRTH - 60 * DAY - SHARDING_PERIOD * (1 + self.dice.below(25)) + index
            self.guilds.append(self._guild(snowflake_at(self.dice, made), sizes[index]))
        self._by_size = [g for g in self.guilds for _ in range(max(1, g.settled // 4))]

    # Clock and ids

    def pass_time(self) -> None:
        """Let some milliseconds pass: mostly few, now and then many."""
        draw = self.dice.random
        self.now += int(draw() * draw() * draw() * 160)

    def snowflake(self) -> str:
        """Make an id of this moment, greater than all that were made before."""
        self._last_snowflake = max(
            self._last_snowflake + 1, (self.now - DISCORD_EPOCH) << 22 | 1 << 17
        )
        return str(self._last_snowflake)

    # People

    def some_guild(self) -> Guild:
        """Draw a guild, the large ones more often."""
        return self.dice.pick(self._by_size)

    def some_member(self, guild: Guild) -> Member:
        """Draw a member who is not the bot, the talkative more often."""
        draw = self.dice.random
        members = guild.members
        return members[1 + int(draw() * draw() * (len(members) - 1))]

    def join(self, guild: Guild) -> Member:
        """Let a new user join a guild now."""
        user, language = self._stranger(guild.language)
        member = Member(user, self._member_info([], self.now), language)
        guild.members.append(member)
        return member

    def leave(self, guild: Guild) -> Member | None:
        """Let some member leave, though not the owner or a bot; None when nobody can."""
        members = guild.members
        if len(members) < 4:
            return None
        index = 2 + self.dice.below(len(members) - 2)
        member = members[index]
        if member.bot:
            return None
        members[index] = members[-1]
        members.pop()
        member.here = False
        return member

    def change_presence(self, member: Member) -> None:
        """Give a member another status and other activities."""
        dice = self.dice
        chance = dice.random()
        if chance < 0.25:
            member.status, member.activities, member.client_status = "offline", [], {}
            return
        status = "online" if chance < 0.7 else "idle" if chance < 0.85 else "dnd"
        device = "desktop" if chance < 0.6 else "mobile" if chance < 0.9 else "web"
        member.status = status
        member.client_status = {device: status}
        if device == "desktop" and dice.random() < 0.15:
            member.client_status["mobile"] = "online"
        activities = []
        if dice.random() < 0.3:
            activities.append(custom_status(dice, self.now))
        if dice.random() < 0.7:
            activities.append(
                game(dice, self.now) if dice.random() < 0.7 else music(dice, self.now, member.id)
            )
        member.activities = activities

    def _user(self, username: str, display: str | None, *, bot: bool = False) -> Data:
        # Discord also sends two fields that it does not document: display_name_styles and clan.
        dice = self.dice
        user: Data = {
            "username": username,
            "public_flags": 1 << dice.below(9) if dice.random() < 0.25 else 0,
            "primary_guild": None,
            "id": past_snowflake(self.dice, 2900, until=60),
            "global_name": display,
            "display_name_styles": None,
            "discriminator": f"{dice.below(10000):04}" if bot else "0",
            "collectibles": None,
            "clan": None,
            "avatar_decoration_data": None,
            "avatar": dice.hex32() if dice.random() < 0.85 else None,
        }
        if bot:
            user["bot"] = True
        elif dice.random() < 0.12:
            user["avatar_decoration_data"] = {
                "sku_id": past_snowflake(self.dice, 500),
                "asset": "a_" + dice.hex32(),
            }
        return user

    def _stranger(self, home: Language) -> tuple[Data, Language]:
        """Make a user who speaks the language of `home`, most likely."""
        dice = self.dice
        language = home if dice.random() < 0.85 else dice.pick(LANGUAGES)
        username = "".join(dice.pick(SYLLABLES) for _ in range(2 + dice.below(3)))
        if dice.random() < 0.5:
            username += dice.pick((".", "_", "")) + str(dice.below(2010))
        display = None
        if dice.random() < 0.75:
            display = dice.pick(language.names)
            if dice.random() < 0.2:
                display += " " + dice.word(EMOJI)
        return self._user(username, display), language

    def _member_info(self, roles: list[str], joined: int) -> Data:
        dice = self.dice
        return {
            "roles": roles,
            "premium_since": iso(joined + DAY) if dice.random() < 0.04 else None,
            "pending": False,
            "nick": None,
            "mute": False,
            "joined_at": iso(joined),
            "flags": 0,
            "deaf": False,
            "communication_disabled_until": None,
            "banner": None,
            "avatar": None,
        }

    def nickname(self, member: Member) -> str:
        """Make up a nickname for a member."""
        dice = self.dice
        return f"{dice.pick(member.language.names)} {dice.pick(('|', '~', '✦'))} {dice.word(EMOJI)}"

    # Guilds

    def _sizes(self, guilds: int, members: int) -> list[int]:
        """Spread the numbers of members round their median, in an order of chance."""
        sizes = []
        for index in range(guilds):
            quantile = (index + 0.5) / guilds
            factor = 0.2 + 1.6 * quantile if quantile < 0.5 else 1 + 4 * (quantile - 0.5)
            if index == guilds - 1:
                factor = 7 if guilds > 1 else 1
            sizes.append(max(4, int(members * factor)))
        for index in range(guilds - 1, 0, -1):
            other = self.dice.below(index + 1)
            sizes[index], sizes[other] = sizes[other], sizes[index]
        return sizes

    def _guild(self, guild_id: str, size: int) -> Guild:
        dice = self.dice
        language = dice.pick(LANGUAGES)
        name = f"{dice.word(language.words).title()} {dice.pick(language.names)} {dice.word(EMOJI)}"
        owner_user, owner_language = self._stranger(language)
        guild = Guild(
            {
                "id": guild_id,
                "name": name,
                "icon": dice.hex32(),
                "description": None,
                "splash": None,
                "discovery_splash": None,
                "features": ["COMMUNITY", "NEWS", "SOUNDBOARD"][: dice.below(4)],
                "banner": None,
                "owner_id": owner_user["id"],
                "application_id": None,
                "afk_channel_id": None,
                "afk_timeout": 300,
                "system_channel_id": None,
                "system_channel_flags": 0,
                "widget_enabled": False,
                "widget_channel_id": None,
                "verification_level": dice.below(4),
                "default_message_notifications": dice.below(2),
                "mfa_level": dice.below(2),
                "explicit_content_filter": 2,
                "max_presences": None,
                "max_members": 25_000_000,
                "max_stage_video_channel_users": 50,
                "max_video_channel_users": 25,
                "vanity_url_code": None,
                "premium_tier": dice.below(3),
                "premium_subscription_count": dice.below(15),
                "preferred_locale": language.locale,
                "rules_channel_id": None,
                "safety_alerts_channel_id": None,
                "public_updates_channel_id": None,
                "premium_progress_bar_enabled": False,
                "nsfw_level": 0,
                "incidents_data": None,
                "joined_at": iso(BIRTH - dice.below(60 * DAY)),
            },
            language,
        )
        guild.settled = size
        self._furnish(guild, size)
        self._populate(
            guild, size, Member(owner_user, self._member_info([], BIRTH - 50 * DAY), owner_language)
        )
        return guild

    def _furnish(self, guild: Guild, size: int) -> None:
        """Make roles, emojis and channels."""
        dice = self.dice
        word = dice.word
        words = guild.language.words
        guild.roles.append(self._role(guild.id, "@everyone", 0))
        for position in range(1, 4 + min(40, size // 6)):
            guild.roles.append(
                self._role(past_snowflake(self.dice, 60), word(words).title(), position)
            )
        for _ in range(min(50, size // 4)):
            guild.emojis.append(
                {
                    "roles": [],
                    "require_colons": True,
                    "name": dice.pick(SYLLABLES) + dice.pick(SYLLABLES),
                    "managed": False,
                    "id": past_snowflake(self.dice, 60),
                    "available": True,
                    "animated": dice.random() < 0.2,
                }
            )
        for position in range(1 + min(8, size // 25)):
            category: Data = {
                "type": 4,
                "position": position,
                "permission_overwrites": self._overwrites(guild),
                "name": word(words).upper(),
                "id": past_snowflake(self.dice, 60),
                "flags": 0,
            }
            guild.categories.append(category)
            for place in range(2 + dice.below(3)):
                guild.text.append(self._text_channel(guild, category["id"], place))
            guild.voice.append(self._voice_channel(guild, category["id"]))

    def _role(self, role_id: str, name: str, position: int) -> Data:
        dice = self.dice
        color = dice.below(1 << 24) if position and dice.random() < 0.6 else 0
        return {
            "unicode_emoji": None,
            "position": position,
            "permissions": str(2_248_473_465_835_073 if not position else dice.below(1 << 50)),
            "name": name,
            "mentionable": dice.random() < 0.2,
            "managed": False,
            "id": role_id,
            "icon": None,
            "hoist": dice.random() < 0.3,
            "flags": 0,
            "colors": {"tertiary_color": None, "secondary_color": None, "primary_color": color},
            "color": color,
        }

    def _overwrites(self, guild: Guild) -> list[Data]:
        dice = self.dice
        return [
            {
                "type": 0,
                "id": dice.pick(guild.roles)["id"],
                "deny": str(1 << dice.below(40)),
                "allow": "0",
            }
            for _ in range(dice.below(4))
        ]

    def _text_channel(self, guild: Guild, category_id: str, position: int) -> Channel:
        dice = self.dice
        topic = None
        if dice.random() < 0.4:
            topic = guild.language.blank.join(dice.word(guild.language.words) for _ in range(9))
        return Channel(
            {
                "type": 0,
                "topic": topic,
                "rate_limit_per_user": 5 if dice.random() < 0.1 else 0,
                "position": position,
                "permission_overwrites": self._overwrites(guild),
                "parent_id": category_id,
                "nsfw": False,
                "name": f"{dice.word(EMOJI)}・{dice.word(guild.language.words).lower()}",
                "last_pin_timestamp": None,
                "id": past_snowflake(self.dice, 60),
                "flags": 0,
            }
        )

    def _voice_channel(self, guild: Guild, category_id: str) -> Data:
        dice = self.dice
        return {
            "type": 2,
            "user_limit": dice.pick((0, 0, 5, 10)),
            "rtc_region": None,
            "rate_limit_per_user": 0,
            "position": 20,
            "permission_overwrites": self._overwrites(guild),
            "parent_id": category_id,
            "nsfw": False,
            "name": dice.word(guild.language.words).title(),
            "last_message_id": None,
            "id": past_snowflake(self.dice, 60),
            "flags": 0,
            "bitrate": 64000,
        }

    def _populate(self, guild: Guild, size: int, owner: Member) -> None:
        """Fill a guild with members, their presences and their voice states."""
        dice = self.dice
        bot = Member(
            self.bot,
            {**self._member_info([], BIRTH), "joined_at": guild.values["joined_at"]},
            guild.language,
        )
        bot.status, bot.client_status = "online", {"web": "online"}
        guild.members += [bot, owner]
        while len(guild.members) < size:
            roles = [dice.pick(guild.roles)["id"] for _ in range(dice.below(4))]
            info = self._member_info(list(dict.fromkeys(roles)), BIRTH - dice.below(60 * DAY))
            if len(guild.bots) < 2 and len(guild.members) < 5:
                name = f"{dice.pick(SYLLABLES)}{dice.pick(SYLLABLES)}-bot"
                member = Member(self._user(name, None, bot=True), info, guild.language)
                guild.bots.append(member)
            elif self._strangers and dice.random() < 0.1:
                user, language = dice.pick(self._strangers)
                if any(other.id == user["id"] for other in guild.members):
                    continue
                member = Member(user, info, language)
            else:
                user, language = self._stranger(guild.language)
                self._strangers.append((user, language))
                member = Member(user, info, language)
            if dice.random() < 0.25:
                member.change(nick=self.nickname(member))
            guild.members.append(member)
            if member.bot:
                member.status, member.client_status = "online", {"web": "online"}
            elif dice.random() < 0.7:
                self.change_presence(member)
            if not member.bot and dice.random() < 0.06:
                member.voice = self.voice_state(member, dice.pick(guild.voice)["id"])

    def voice_state(self, member: Member, channel_id: str | None) -> Data:
        """Make a voice state of a member, without guild and member; None for one who leaves."""
        dice = self.dice
        before = member.voice
        return {
            "user_id": member.id,
            "suppress": False,
            "session_id": dice.hex32() if before is None else before["session_id"],
            "self_video": dice.random() < 0.05,
            "self_mute": dice.random() < 0.4,
            "self_deaf": dice.random() < 0.1,
            "request_to_speak_timestamp": None,
            "mute": False,
            "deaf": False,
            "channel_id": channel_id,
        }
