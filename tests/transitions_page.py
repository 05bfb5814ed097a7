"""Writes docs/state-machine.md, the table of transitions for people to read, and its drawing.

python tests/transitions_page.py > docs/state-machine.md
python tests/transitions_page.py --dot | dot -Tsvg > docs/state-machine.svg    (Graphviz)
"""

from __future__ import annotations

import sys

from gateway_core import transitions
from gateway_core.transitions import TRANSITIONS, Transition

TITLE = "# The state machine of a gateway connection\n"
SOURCE = """\
This page is made of `gateway_core/transitions.py`, which the connection runs on. So is the drawing:
bold is the way to an active session, grey are the ways to an end that was asked for.

![The states and what leads from one to another](state-machine.svg)
"""


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


def edges() -> dict[tuple[str, str], list[str]]:
    """Give the triggers that lead from one state to another, staying left out."""
    found: dict[tuple[str, str], list[str]] = {}
    for state, rows in TRANSITIONS.items():
        for trigger, (target, _) in rows.items():
            if target is not state:
                found.setdefault((state.name, target.name), []).append(trigger.name)
    return found


def drawing() -> str:
    """Make the drawing, in Graphviz's language."""
    lines = [
        "digraph {",
        '  graph [bgcolor=white, rankdir=TB, nodesep=0.5, ranksep=0.75, fontname="sans-serif"]',
        '  node [shape=box, style="rounded,filled", fillcolor="#eef1fb", fontname="sans-serif"]',
        '  edge [fontname="sans-serif", fontsize=9, color="#5b6078"]',
        '  ACTIVE [fillcolor="#c8e6c9"]; FATALLY_CLOSED [fillcolor="#ffcdd2"]',
        '  CLOSED [fillcolor="#e0e0e0"]; {rank=source; IDLE [fillcolor="#e0e0e0"]}',
    ]
    for (state, target), triggers in edges().items():
        style = ""
        if set(triggers) & LIFE:
            style = ', penwidth=2.4, color="#1a237e"'
        elif set(triggers) <= {"CLOSE", "CLOSE_RESUMABLE"}:
            style = ', color="#bdbdbd", fontcolor="#9e9e9e"'
        label = "\\n".join(trigger.lower() for trigger in triggers)
        lines.append(f'  {state} -> {target} [label="{label}"{style}]')
    return "\n".join([*lines, "}"])


LIFE = {
    *("START", "CONNECTED", "HELLO_TO_RESUME", "HELLO_TO_IDENTIFY", "PERMITTED"),
    *("READY", "RESUMED"),
}


if __name__ == "__main__":
    print(drawing() if sys.argv[1:] == ["--dot"] else page(), end="")
