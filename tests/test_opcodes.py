from gateway_core.opcodes import RECEIVED, SENT, OpCode


def test_values_are_those_of_the_documentation() -> None:
    assert {code.name: code.value for code in OpCode} == {
        "DISPATCH": 0,
        "HEARTBEAT": 1,
        "IDENTIFY": 2,
        "PRESENCE_UPDATE": 3,
        "VOICE_STATE_UPDATE": 4,
        "RESUME": 6,
        "RECONNECT": 7,
        "REQUEST_GUILD_MEMBERS": 8,
        "INVALID_SESSION": 9,
        "HELLO": 10,
        "HEARTBEAT_ACK": 11,
        "REQUEST_SOUNDBOARD_SOUNDS": 31,
        "REQUEST_CHANNEL_INFO": 43,
    }


def test_every_opcode_has_a_direction_and_only_heartbeat_has_both() -> None:
    assert set(OpCode) == SENT | RECEIVED
    assert RECEIVED.intersection(SENT) == {OpCode.HEARTBEAT}
    assert OpCode.IDENTIFY in SENT
    assert OpCode.HELLO in RECEIVED


def test_opcodes_compare_with_the_integers_of_the_wire() -> None:
    assert [OpCode(10), OpCode(0)] == [10, 0] == [OpCode.HELLO, OpCode.DISPATCH]
