"""Writes src/gateway_core/typed/dispatches.py: each documented dispatch as a type of its own.

    python tools/generate_typed.py            # writes the file
    python tools/generate_typed.py --check    # ends with status 1 if the file is not current

The tables are `gateway_core.dispatches` (the names) and `gateway_core.typed.data` (their `d`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway_core.dispatches import EventType
from gateway_core.typed.data import DATA

TARGET = Path(__file__).resolve().parent.parent / "src/gateway_core/typed/dispatches.py"

HEAD = '''"""Each documented dispatch as a type of its own.

Made by tools/generate_typed.py from `gateway_core.dispatches` and `gateway_core.typed.data`: do not
edit. These classes are for type checkers; when a program runs, each is `Payload`.
"""

# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from ..decoding import Payload

'''


def class_name(event: str) -> str:
    """Return the name of a dispatch's class: MessageCreate for MESSAGE_CREATE."""
    return event.title().replace("_", "")


def bracketed(opening: str, items: list[str], closing: str) -> str:
    """Return items one a line between brackets."""
    return "\n".join([opening, *(f"    {item}," for item in items), closing])


def imports() -> str:
    """Return the imports of the types of `d`, by module."""
    modules: dict[str, set[str]] = {}
    for kind in DATA.values():
        if kind.__module__ != "builtins":
            modules.setdefault(kind.__module__.rpartition(".")[2], set()).add(kind.__name__)
    lines = []
    for module, names in sorted(modules.items()):
        line = f"    from .{module} import {', '.join(sorted(names, key=str.lower))}"
        if len(line) > 100:
            inner = "".join(f"        {name},\n" for name in sorted(names, key=str.lower))
            line = f"    from .{module} import (\n{inner}    )"
        lines.append(line)
    return "\n".join(lines)


def class_of(event: EventType) -> str:
    """Return the class of one dispatch."""
    return f'''    class {class_name(event)}(_Dispatch):
        """{event.gist}"""

        t: Literal["{event}"]

        @property
        def d(self) -> {DATA[event].__name__}: ...  # noqa: D102
'''


def module() -> str:
    """Return the text of the module."""
    events = list(EventType)
    classes = [class_name(event) for event in events]
    exported = sorted(["Dispatch", "DispatchName", *classes])
    union = "\n".join(f"        {'| ' if i else ''}{name}" for i, name in enumerate(classes))
    parts = [
        HEAD,
        bracketed("__all__ = [", [f'"{name}"' for name in exported], "]\n\n"),
        bracketed("DispatchName: TypeAlias = Literal[", [f'"{event}"' for event in events], "]\n"),
        '"""The name of any documented dispatch."""\n\nif TYPE_CHECKING:\n',
        imports(),
        "\n\n    class _Dispatch(Payload):\n        s: int\n\n",
        "\n".join(map(class_of, events)),
        f"\n    Dispatch: TypeAlias = (\n{union}\n    )\n",
        '    """Any documented dispatch; comparing `t` with a name tells which."""\n\n',
        "else:\n",
        "    globals().update(dict.fromkeys(__all__, Payload), DispatchName=DispatchName)\n",
    ]
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Write or check the file; return the exit status."""
    text = module()
    if arguments == ["--check"]:
        if TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"{TARGET.name} is not current: run python tools/generate_typed.py", file=sys.stderr)
        return 1
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
