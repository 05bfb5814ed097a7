"""Writes docs/state-machine.md, the table of transitions for people to read.

python tests/transitions_page.py > docs/state-machine.md
"""

from __future__ import annotations

from gateway_core import transitions
from gateway_core.transitions import TRANSITIONS, Transition

TITLE = "# The state machine of a gateway connection\n"
SOURCE = "This page is made of `gateway_core/transitions.py`, which the connection runs on.\n"


def page() -> str:
    """Make the page: the module's explanation, then a table for each state."""
    # The first line of the docstring is the title here.
    explanation = (transitions.__doc__ or "").partition("\n\n")[2].partition("\nSource:")[0]
    parts = [TITLE, SOURCE, explanation]
    for state, rows in TRANSITIONS.items():
        nothing = [trigger.value for trigger, row in rows.items() if row == Transition(state, ())]
        parts.append(f"## {state.name}: {state.value}\n")
        if len(nothing) < len(rows):
            parts.append("| what happens | next state | what is done |\n| --- | --- | --- |")
        for trigger, (target, actions) in rows.items():
            if target is not state or actions:
                done = "; ".join(action.value for action in actions)
                parts.append(f"| {trigger.value} | {target.name} | {done} |")
        if nothing:
            parts.append("\nMay come late, and changes nothing: " + "; ".join(nothing) + ".")
        parts.append("")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
