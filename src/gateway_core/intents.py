"""Gateway intents: which events a bot asks Discord for.

Source:
    Discord documentation, "Gateway", section "Gateway Intents" (as of 2026-06-16).
"""

from __future__ import annotations

import difflib
import re
from enum import IntFlag

__all__ = ["Intents"]

_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]+")


class Intents(IntFlag):
    """A set of intents, the `intents` field of an identify.

    Combine members with ``|``. `gateway_core.dispatches` tells which events each brings.

    Source:
        Discord documentation, "Gateway", section "List of Intents".
    """

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    """Privileged."""
    GUILD_MODERATION = 1 << 2
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_INTEGRATIONS = 1 << 4
    GUILD_WEBHOOKS = 1 << 5
    GUILD_INVITES = 1 << 6
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    """Privileged."""
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    """Privileged. Brings no event: it fills content, embeds, attachments, components and polls."""
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25

    @classmethod
    def none(cls) -> Intents:
        """Give the empty set: only events that need no intent arrive."""
        return cls(0)

    @classmethod
    def all(cls) -> Intents:
        """Give every documented intent, the privileged ones included."""
        intents = cls(0)
        for member in cls:
            intents |= member
        return intents

    @classmethod
    def privileged(cls) -> Intents:
        """Give the intents that must be enabled in the Developer Portal before they are used."""
        return cls.GUILD_MEMBERS | cls.GUILD_PRESENCES | cls.MESSAGE_CONTENT

    @classmethod
    def default(cls) -> Intents:
        """Give every documented intent that is not privileged."""
        return cls.all() & ~cls.privileged()

    @classmethod
    def parse(cls, text: str) -> Intents:
        """Read intents as a person writes them on a command line.

        Args:
            text: names separated by commas, ``|`` or blanks, in any case; ``none``, ``default``,
                ``all`` and ``privileged`` stand for those sets; a decimal or ``0x`` number is
                taken as it is. ``"default,MESSAGE_CONTENT"``, ``"33281"``.

        Raises:
            ValueError: the text is empty or has a name that is not known; the message says which,
                and lists the known ones.
        """
        sets = {
            "NONE": cls.none(),
            "DEFAULT": cls.default(),
            "ALL": cls.all(),
            "PRIVILEGED": cls.privileged(),
        }
        words = re.split(r"[\s,|]+", text.strip(" \t\r\n,|"))
        if words == [""]:
            raise ValueError("no intents given; say none for the empty set")
        intents = cls(0)
        for word in words:
            name = word.upper()
            if name in sets:
                intents |= sets[name]
            elif name in cls.__members__:
                intents |= cls[name]
            elif _NUMBER.fullmatch(word):
                intents |= cls(int(word, 16 if "x" in word.lower() else 10))
            else:
                known = [*(key.lower() for key in sets), *cls.__members__]
                near = difflib.get_close_matches(name, cls.__members__, n=1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"unknown intent {word!r}{hint} (known: {', '.join(known)})")
        return intents
