"""What it takes to go on with a session, in this process or another.

Source:
    Discord documentation, "Gateway", section "Resuming".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """A session that can be resumed. Anyone who has it and the token can resume it.

    Attributes:
        id: the session's id, from READY.
        sequence: the number of the last event that need not come again, at least 0.
        resume_url: the URL to resume at, from READY; None for the gateway URL.

    Raises:
        ValueError: the id is empty or the sequence is negative.
        TypeError: a field has the wrong type.

    Source:
        Discord documentation, "Gateway", section "Preparing to Resume".
    """

    id: str
    sequence: int
    resume_url: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.id, str):
            raise TypeError(f"a session's id must be a str, not {type(self.id).__name__}")
        if not self.id:
            raise ValueError("a session's id must not be empty")
        if not isinstance(self.sequence, int) or isinstance(self.sequence, bool):
            raise TypeError(
                f"a session's sequence must be an int, not {type(self.sequence).__name__}"
            )
        if self.sequence < 0:
            raise ValueError(f"a session's sequence must be at least 0, not {self.sequence}")
        if self.resume_url is not None and not isinstance(self.resume_url, str):
            raise TypeError(
                f"a session's resume_url must be a str or None, "
                f"not {type(self.resume_url).__name__}"
            )

    def to_dict(self) -> dict[str, str | int | None]:
        """Give the session as a dict that JSON can hold, with the names of the attributes."""
        return {"id": self.id, "sequence": self.sequence, "resume_url": self.resume_url}

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> Session:
        """Make a session from what `to_dict` gave.

        Keys that are not known are left alone, so that a newer version's file can be read.

        Raises:
            ValueError: a key is missing, or a value is out of range.
            TypeError: a value has the wrong type.
        """
        missing = [key for key in ("id", "sequence") if key not in data]
        if missing:
            raise ValueError(f"a stored session lacks {' and '.join(missing)}")
        # The constructor checks the types.
        return cls(
            id=data["id"],  # type: ignore[arg-type]
            sequence=data["sequence"],  # type: ignore[arg-type]
            resume_url=data.get("resume_url"),  # type: ignore[arg-type]
        )
