"""What messages and presences are made of: text, embeds, attachments, buttons, activities.

Source:
    Discord documentation, resource "Message", "Component Reference", and
    "Gateway Events", section "Activity Object".
"""

from __future__ import annotations

from typing import Any

from gateway_core.testing.clock import iso, past_snowflake
from gateway_core.testing.dice import Dice
from gateway_core.testing.words import ARTISTS, EMOJI, GAMES, STATUSES, Language

__all__ = ["Data", "attachment", "buttons", "custom_status", "embed", "game", "music", "text"]

Data = dict[str, Any]
"""A JSON object."""

# How many words messages have, at equal chances.
_LENGTHS = (1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 27, 36, 60)


def text(dice: Dice, language: Language) -> str:
    """Make up what somebody writes: mostly a few words, now and then many."""
    draw = dice.random
    words = language.words
    word = dice.word
    written = language.blank.join(
        [word(words) for _ in range(_LENGTHS[int(draw() * len(_LENGTHS))])]
    )
    chance = draw()
    if chance < 0.12:
        written = f"{written} {word(EMOJI)}"
    elif chance < 0.16:
        written = f"{written}\n{language.blank.join([word(words) for _ in range(6)])}"
    elif chance < 0.17:
        path = f"C:\\\\games\\\\{written[:9]}"
        written = f'{written}\n```json\n{{"id": {dice.below(1000)}, "path": "{path}"}}\n```'
    return written + language.stops[int(draw() * len(language.stops))]


def embed(dice: Dice, language: Language, now: int) -> Data:
    """Make up a rich embed; `now` is a Unix time in milliseconds."""
    made: Data = {
        "type": "rich",
        "title": text(dice, language)[:80],
        "description": text(dice, language),
        "color": dice.below(1 << 24),
    }
    if dice.random() < 0.5:
        made["fields"] = [
            {
                "value": text(dice, language)[:60],
                "name": dice.word(language.words),
                "inline": True,
            }
            for _ in range(1 + dice.below(5))
        ]
    if dice.random() < 0.5:
        image = f"example.com/{dice.hex32()}.png"
        made["thumbnail"] = {
            "width": 128,
            "url": f"https://{image}",
            "proxy_url": f"https://images-ext-1.discordapp.net/external/{dice.hex32()}/https/{image}",
            "height": 128,
            "flags": 0,
        }
    if dice.random() < 0.4:
        made["timestamp"] = iso(now)
        made["footer"] = {"text": f"#{dice.below(10_000)}"}
    return made


def attachment(dice: Dice, channel_id: str, attachment_id: str) -> Data:
    """Make up an image that was uploaded to a channel."""
    name, kind = dice.pick((("image.png", "image/png"), ("IMG_2041.jpg", "image/jpeg")))
    signature = f"ex={dice.hex32()[:8]}&hm={dice.hex32()}"
    path = f"attachments/{channel_id}/{attachment_id}/{name}?{signature}"
    return {
        "width": 300 + dice.below(3500),
        "url": f"https://cdn.discordapp.com/{path}&",
        "size": 20_000 + dice.below(4_000_000),
        "proxy_url": f"https://media.discordapp.net/{path}&",
        "placeholder_version": 1,
        "placeholder": dice.hex32()[:28],
        "id": attachment_id,
        "height": 300 + dice.below(3500),
        "filename": name,
        "content_type": kind,
        "content_scan_version": 2,
    }


def buttons(dice: Dice, language: Language) -> Data:
    """Make up an action row of one to three buttons."""
    words = language.words
    row = [
        {
            "type": 2,
            "style": 1 + dice.below(4),
            "label": dice.word(words),
            "id": 2 + index,
            "custom_id": f"button:{dice.below(1 << 30)}:{index}",
        }
        for index in range(1 + dice.below(3))
    ]
    return {"type": 1, "id": 1, "components": row}


def custom_status(dice: Dice, now: int) -> Data:
    """Make up the activity of a custom status, set at a Unix time in milliseconds."""
    activity: Data = {
        "type": 4,
        "state": dice.pick(STATUSES),
        "name": "Custom Status",
        "id": "custom",
        "created_at": now,
    }
    if dice.random() < 0.4:
        activity["emoji"] = {"name": dice.word(EMOJI)}
    return activity


def game(dice: Dice, now: int) -> Data:
    """Make up a game that is played at a Unix time in milliseconds."""
    name, details, state = dice.pick(GAMES)
    start = now - dice.below(7_200_000)
    activity: Data = {
        "type": 0,
        "timestamps": {"start": start},
        "name": name,
        "id": dice.hex32()[:16],
        "created_at": start + 41,
    }
    if dice.random() < 0.6:
        activity |= {
            "state": state,
            "details": details,
            "assets": {
                "small_image": past_snowflake(dice, 900),
                "large_text": name,
                "large_image": past_snowflake(dice, 900),
            },
            "application_id": past_snowflake(dice, 1500),
        }
        if dice.random() < 0.3:
            activity["party"] = {"size": [1 + dice.below(3), 4], "id": dice.hex32()}
    return activity


def music(dice: Dice, now: int, user_id: str) -> Data:
    """Make up a song that a user hears at a Unix time in milliseconds."""
    artist, song, album = dice.pick(ARTISTS)
    start = now - dice.below(180_000)
    return {
        "type": 2,
        "timestamps": {"start": start, "end": start + 150_000 + dice.below(120_000)},
        "sync_id": dice.hex32()[:22],
        "state": artist,
        "session_id": dice.hex32(),
        "party": {"id": f"spotify:{user_id}"},
        "name": "Spotify",
        "id": "spotify:1",
        "flags": 48,
        "details": song,
        "created_at": start + 3000,
        "assets": {
            "large_text": album,
            "large_image": f"spotify:ab67616d0000b273{dice.hex32()[:24]}",
        },
    }
