import hashlib
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from gateway_core.dispatches import DISPATCHES
from gateway_core.testing.traffic import Traffic, encode

DISCORD_EPOCH = 1420070400000

# Of the first 1,000 messages of seed 0. A change of the generator changes it; nothing else may.
DIGEST = "afec6db13fe6d75fa1546a2ec42024a7c6ebba11e39e59c45338f498da08909e"


def take(traffic: Traffic, count: int) -> list[tuple[str, dict[str, Any]]]:
    return list(itertools.islice(traffic.steady(), count))


def digest_of(seed: int) -> str:
    traffic = Traffic(seed)
    texts = (encode(0, s, t, d) for s, (t, d) in enumerate(take(traffic, 1000)))
    return hashlib.sha256(b"\n".join(texts)).hexdigest()


def sent_at(snowflake: str) -> int:
    return (int(snowflake) >> 22) + DISCORD_EPOCH


def test_the_same_seed_gives_the_same_bytes_everywhere() -> None:
    assert digest_of(0) == DIGEST


def test_another_seed_gives_other_bytes() -> None:
    assert digest_of(1) != DIGEST


def test_the_hash_seed_does_not_matter() -> None:
    code = (
        "import itertools, zlib; from gateway_core.testing.traffic import Traffic, encode;"
        "traffic = Traffic(3, guilds=4, members=30);"
        "events = [*traffic.startup(), *itertools.islice(traffic.steady(), 300)];"
        "print(zlib.crc32(b''.join(encode(0, 1, t, d) for t, d in events)))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert printed.pop().strip().isdigit()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sizes_are_those_of_a_real_bot(seed: int) -> None:
    traffic = Traffic(seed)
    guilds = [len(encode(0, 1, t, d)) for t, d in traffic.startup() if t == "GUILD_CREATE"]
    assert len(guilds) == 20
    assert 55_000 < statistics.median(guilds) < 72_000
    assert 250_000 < max(guilds) < 600_000
    steady = [len(encode(0, 1, t, d)) for t, d in take(traffic, 3000)]
    assert 680 < statistics.median(steady) < 920
    assert max(steady) < 10_000


def test_the_mix_is_that_of_a_real_bot() -> None:
    counts = Counter(t for t, _ in take(Traffic(5), 10_000))
    assert set(counts) <= set(DISPATCHES)
    shares = {t: count / 10_000 for t, count in counts.items()}
    assert 0.35 < shares["MESSAGE_CREATE"] < 0.45
    assert 0.27 < shares["PRESENCE_UPDATE"] < 0.33
    assert 0.10 < shares["TYPING_START"] < 0.14
    for t in (
        *("MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"),
        *("GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE", "GUILD_MEMBER_UPDATE"),
        *("VOICE_STATE_UPDATE", "INTERACTION_CREATE"),
    ):
        assert 0.002 < shares[t] < 0.1, t


def test_messages_are_varied() -> None:
    messages = [d for t, d in take(Traffic(6), 10_000) if t == "MESSAGE_CREATE"]
    for field in ("embeds", "attachments", "mentions", "mention_roles", "components"):
        assert any(message[field] for message in messages), field
    assert any("referenced_message" in message for message in messages)
    assert any("guild_id" not in message for message in messages)  # direct messages
    text = "".join(message["content"] for message in messages)
    for letter in ("e", "ж", "す", "나", "é", "ß", "🔥", "\\", '"', "\n", "<@", "<:", "https://"):
        assert letter in text, letter
    lengths = sorted(len(message["content"]) for message in messages)
    assert lengths[len(lengths) // 2] < 60
    assert lengths[-1] > 200
    kinds = {d["type"] for t, d in take(Traffic(7), 10_000) if t == "INTERACTION_CREATE"}
    assert kinds == {2, 3, 4, 5}


class Bot:
    """Believes what it is told, as a bot's cache does, and objects to what cannot be."""

    def __init__(self, startup: list[tuple[str, dict[str, Any]]]) -> None:
        self.members: dict[str, dict[str, Any]] = {}
        self.voice: dict[tuple[str, str], str] = {}
        self.presences: dict[tuple[str, str], dict[str, Any]] = {}
        self.channels: dict[str, set[str]] = {}
        self.messages: dict[str, dict[str, Any]] = {}
        self.reactions: set[tuple[str, str, str]] = set()
        self.gone: set[str] = set()
        self.newest = 0
        for t, d in startup:
            if t == "GUILD_CREATE":
                guild_id = d["id"]
                assert d["member_count"] == len(d["members"])
                self.members[guild_id] = {m["user"]["id"]: m for m in d["members"]}
                assert len(self.members[guild_id]) == len(d["members"])
                assert d["owner_id"] in self.members[guild_id]
                self.channels[guild_id] = {c["id"] for c in d["channels"]}
                for state in d["voice_states"]:
                    self.voice[guild_id, state["user_id"]] = state["channel_id"]
                for presence in d["presences"]:
                    self.presences[guild_id, presence["user"]["id"]] = presence

    def take(self, t: str, d: dict[str, Any]) -> None:
        guild_id = d.get("guild_id")
        if guild_id is None:
            assert t == "MESSAGE_CREATE"
            assert "member" not in d
            return
        getattr(self, "on_" + t.lower())(guild_id, d)

    def know(self, guild_id: str, user_id: str, member: dict[str, Any]) -> None:
        """Check that a member that comes with an event is the one that the events have told of."""
        known = self.members[guild_id][user_id]
        assert {**known, **member, "permissions": 0} == {**known, "permissions": 0}
        assert known.keys() - member.keys() <= {"user"}

    def on_message_create(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["author"]["id"], d["member"])
        assert d["channel_id"] in self.channels[guild_id]
        assert int(d["id"]) > self.newest
        self.newest = int(d["id"])
        if "referenced_message" in d:
            original = self.messages[d["referenced_message"]["id"]]
            assert original["content"] == d["referenced_message"]["content"]
            assert original["channel_id"] == d["channel_id"]
        for user in d["mentions"]:
            if d["type"] == 0:
                self.know(guild_id, user["id"], user["member"])
        self.messages[d["id"]] = d

    def on_message_update(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["author"]["id"], d["member"])
        before = self.messages[d["id"]]
        assert before["content"] != d["content"]
        assert d["edited_timestamp"] >= d["timestamp"] == before["timestamp"]
        self.messages[d["id"]] = d

    def on_message_delete(self, guild_id: str, d: dict[str, Any]) -> None:
        message = self.messages.pop(d["id"])
        assert (message["guild_id"], message["channel_id"]) == (guild_id, d["channel_id"])

    def on_message_reaction_add(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["user_id"], d["member"])
        assert self.messages[d["message_id"]]["author"]["id"] == d["message_author_id"]
        reaction = (d["message_id"], d["user_id"], d["emoji"]["id"] or d["emoji"]["name"])
        assert reaction not in self.reactions
        self.reactions.add(reaction)

    def on_message_reaction_remove(self, guild_id: str, d: dict[str, Any]) -> None:
        assert d["message_id"] in self.messages
        self.reactions.remove(
            (d["message_id"], d["user_id"], d["emoji"]["id"] or d["emoji"]["name"])
        )

    def on_typing_start(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["user_id"], d["member"])
        assert d["channel_id"] in self.channels[guild_id]

    def on_presence_update(self, guild_id: str, d: dict[str, Any]) -> None:
        assert d["user"]["id"] in self.members[guild_id]
        assert (d["status"] == "offline") == (not d["client_status"])
        self.presences[guild_id, d["user"]["id"]] = d

    def on_guild_member_add(self, guild_id: str, d: dict[str, Any]) -> None:
        member = {key: value for key, value in d.items() if key != "guild_id"}
        assert d["user"]["id"] not in self.members[guild_id]
        self.members[guild_id][d["user"]["id"]] = member

    def on_guild_member_update(self, guild_id: str, d: dict[str, Any]) -> None:
        member = {key: value for key, value in d.items() if key != "guild_id"}
        assert self.members[guild_id][d["user"]["id"]] != member
        self.members[guild_id][d["user"]["id"]] = member

    def on_guild_member_remove(self, guild_id: str, d: dict[str, Any]) -> None:
        user_id = d["user"]["id"]
        del self.members[guild_id][user_id]
        assert (guild_id, user_id) not in self.voice
        self.presences.pop((guild_id, user_id), None)

    def on_voice_state_update(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["user_id"], d["member"])
        if d["channel_id"] is None:
            del self.voice[guild_id, d["user_id"]]
        else:
            assert d["channel_id"] in self.channels[guild_id]
            self.voice[guild_id, d["user_id"]] = d["channel_id"]

    def on_interaction_create(self, guild_id: str, d: dict[str, Any]) -> None:
        self.know(guild_id, d["member"]["user"]["id"], d["member"])
        assert d["channel"]["id"] == d["channel_id"]
        assert d["channel_id"] in self.channels[guild_id]


@pytest.mark.parametrize("seed", [0, 8])
def test_events_fit_together(seed: int) -> None:
    traffic = Traffic(seed, guilds=5, members=25)
    bot = Bot(list(traffic.startup()))
    for t, d in take(traffic, 20_000):
        bot.take(t, d)
    for guild_id in traffic.guilds:
        now = traffic.guild_create(guild_id)
        assert {m["user"]["id"]: m for m in now["members"]} == bot.members[guild_id]
        assert {
            (guild_id, state["user_id"]): state["channel_id"] for state in now["voice_states"]
        } == {key: value for key, value in bot.voice.items() if key[0] == guild_id}
        online = {p["user"]["id"]: p for p in now["presences"]}
        believed = {
            user_id: {key: value for key, value in presence.items() if key != "guild_id"}
            for (guild, user_id), presence in bot.presences.items()
            if guild == guild_id and presence["status"] != "offline"
        }
        assert online == believed


def test_guilds_keep_about_their_size() -> None:
    traffic = Traffic(9, guilds=3, members=40)
    before = {guild: traffic.guild_create(guild)["member_count"] for guild in traffic.guilds}
    take(traffic, 30_000)
    for guild, count in before.items():
        assert 0.6 * count < traffic.guild_create(guild)["member_count"] < 1.7 * count + 5


def test_ids_and_timestamps_agree_with_the_clock() -> None:
    traffic = Traffic(10, guilds=2, members=20)
    for t, d in take(traffic, 2000):
        if t == "MESSAGE_CREATE":
            written = d["timestamp"]
            assert written.endswith("+00:00")
            sent = sent_at(d["id"])
            assert abs(sent - traffic.world.now) < 3_600_000
            assert f"{sent % 1000:03}000+00:00" == written.partition(".")[2]


def test_what_was_given_out_never_changes() -> None:
    traffic = Traffic(11, guilds=3, members=20)
    steady = traffic.steady()
    events = [*traffic.startup(), *itertools.islice(steady, 3000)]
    before = [encode(0, 1, t, d) for t, d in events]
    for _ in itertools.islice(steady, 6000):
        pass
    assert [encode(0, 1, t, d) for t, d in events] == before


@pytest.mark.parametrize("total", [*range(1, 25), 32])
def test_every_shard_has_its_share_of_the_guilds(total: int) -> None:
    traffic = Traffic(12, guilds=64, members=4)
    shares = [traffic.guilds_of(shard, total) for shard in range(total)]
    assert sorted(itertools.chain(*shares)) == sorted(traffic.guilds)
    counts = [len(share) for share in shares]
    assert max(counts) - min(counts) <= 1


def test_startup_is_ready_and_then_the_guilds_of_the_shard() -> None:
    traffic = Traffic(13, guilds=6, members=4)
    (t, ready), *rest = traffic.startup("abc", "ws://127.0.0.1:9", (1, 2))
    assert t == "READY"
    assert ready["session_id"] == "abc"
    assert ready["resume_gateway_url"] == "ws://127.0.0.1:9"
    assert ready["shard"] == [1, 2]
    assert ready["user"]["id"] == traffic.user["id"] == ready["application"]["id"]
    assert [t for t, _ in rest] == ["GUILD_CREATE"] * 3
    assert [d["id"] for _, d in rest] == [guild["id"] for guild in ready["guilds"]]
    assert tuple(d["id"] for _, d in rest) == traffic.guilds_of(1, 2)
    for _, d in rest:
        assert any(member["user"] == traffic.user for member in d["members"])


def test_a_world_has_guilds_and_people() -> None:
    with pytest.raises(ValueError, match="at least 1 guild"):
        Traffic(guilds=0)
    with pytest.raises(ValueError, match="at least 4 members"):
        Traffic(members=3)
    with pytest.raises(KeyError):
        Traffic(guilds=1, members=4).guild_create("1")


def test_encode_writes_as_discord_does() -> None:
    assert encode(0, 7, "RESUMED", {"a": [1, None, True], "é": '🦊\n"\\'}) == (
        '{"t":"RESUMED","s":7,"op":0,"d":{"a":[1,null,true],"é":"🦊\\n\\"\\\\"}}'.encode()
    )
    assert encode(11, None, None, None) == b'{"t":null,"s":null,"op":11,"d":null}'


def test_encoded_events_are_read_back_as_they_were() -> None:
    traffic = Traffic(14, guilds=2, members=20)
    for s, (t, d) in enumerate([*traffic.startup(), *take(traffic, 2000)]):
        assert json.loads(encode(0, s, t, d)) == {"t": t, "s": s, "op": 0, "d": d}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), "\ud800"])
def test_encode_refuses_what_is_not_json(bad: object) -> None:
    with pytest.raises(ValueError, match=r"JSON|surrogates"):
        encode(0, 1, "X", {"bad": bad})
