"""Reading messages from whoever is at the other end."""

from __future__ import annotations

import pytest

from core_driver import message
from gateway_core.errors import RemoteProtocolError
from gateway_core.received import Offer, Refusal, interval_of, offer_of, refusal_of


@pytest.mark.parametrize(("milliseconds", "seconds"), [(41250, 41.25), (10, 0.01), (100.5, 0.1005)])
def test_interval(milliseconds: float, seconds: float) -> None:
    assert interval_of(message(10, {"heartbeat_interval": milliseconds})) == seconds


@pytest.mark.parametrize("milliseconds", [9.9, 3_600_001, "41250", None, True, [1]])
def test_interval_that_cannot_be_meant(milliseconds: object) -> None:
    with pytest.raises(RemoteProtocolError, match="no usable heartbeat_interval but"):
        interval_of(message(10, {"heartbeat_interval": milliseconds}))


@pytest.mark.parametrize(
    ("data", "offer"),
    [
        ({"session_id": "a", "resume_gateway_url": "wss://r"}, Offer("a", "wss://r")),
        ({"session_id": "a"}, Offer("a", None)),
        ({"session_id": "", "resume_gateway_url": 5}, Offer(None, None)),
        ([], Offer(None, None)),
    ],
)
def test_offer(data: object, offer: Offer) -> None:
    assert offer_of(message(0, data, 1, "READY")) == offer


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (
            {"opcode": 8, "retry_after": 1.5, "meta": {"guild_id": "7", "nonce": "n"}},
            Refusal(8, "7", "n", 1.5),
        ),
        ({"opcode": 8, "retry_after": 2, "meta": {"guild_id": 7}}, Refusal(8, "7", None, 2)),
        ({"opcode": 8, "meta": {"guild_id": None, "nonce": 5}}, Refusal(8, None, None, 30.0)),
        ({"opcode": 3, "retry_after": -1, "meta": []}, Refusal(3, None, None, 30.0)),
        ({"opcode": 3, "retry_after": "5"}, Refusal(3, None, None, 30.0)),
        ({"opcode": "8"}, None),
        ({}, None),
        ("no", None),
    ],
)
def test_refusal(data: object, refusal: Refusal | None) -> None:
    assert refusal_of(message(0, data, 1, "RATE_LIMITED")) == refusal
