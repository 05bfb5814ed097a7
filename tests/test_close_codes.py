import dataclasses

import pytest

from gateway_core.close_codes import (
    CLOSE_CODES,
    CloseCode,
    CloseMeaning,
    Consequence,
    consequence_of,
    describe,
    meaning_of,
)

FATAL = {4004, 4010, 4011, 4012, 4013, 4014}
SESSION_IS_OVER = {4003, 4007, 4009}


def test_every_code_of_discord_has_a_row() -> None:
    assert set(CloseCode) <= set(CLOSE_CODES)


def test_codes_are_those_of_the_documentation() -> None:
    assert [int(code) for code in CloseCode] == [*range(4000, 4006), *range(4007, 4015)]


@pytest.mark.parametrize("code", [*CLOSE_CODES, None, 1012, 3000, 4006, 4999])
def test_consequence(code: int | None) -> None:
    if code in FATAL:
        expected = Consequence.FATAL
    elif code in SESSION_IS_OVER:
        expected = Consequence.REIDENTIFY
    else:
        expected = Consequence.RESUME
    assert consequence_of(code) is expected


@pytest.mark.parametrize("code", sorted(FATAL))
def test_fatal_codes_tell_the_user_what_to_do(code: int) -> None:
    assert "by itself" not in meaning_of(code).remedy


def test_describe_names_code_and_meaning() -> None:
    assert describe(4004) == "4004 AUTHENTICATION_FAILED: the token was refused"
    assert describe(1001) == "1001: the server is going away"
    assert describe(None) == "the connection broke without a close code"
    assert describe(4999).startswith("4999: ")


def test_a_missing_code_reads_as_an_abnormal_closure() -> None:
    assert meaning_of(None) is CLOSE_CODES[1006]


def test_rows_are_frozen_and_checked() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CLOSE_CODES[4000].meaning = "x"  # type: ignore[misc]
    with pytest.raises(ValueError, match="needs a meaning"):
        CloseMeaning("", Consequence.RESUME, "x")
