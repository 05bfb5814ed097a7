"""What a program leaves behind: tasks, sockets, and secrets in its logs.

Each watch is told beforehand what to look at, so that many things that run at the same time in one
event loop can be told apart.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import re
import socket
import weakref
from collections import Counter
from collections.abc import Collection, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

__all__ = ["LogWatch", "TaskWatch", "open_sockets"]

_Tasks: TypeAlias = "weakref.WeakSet[asyncio.Task[Any]]"

_started: ContextVar[_Tasks | None] = ContextVar("started", default=None)


class TaskWatch:
    """Knows every task that was started from where it was made, directly or not.

    It works where the event loop is `watched`, by way of the context that tasks and callbacks
    inherit.
    """

    def __init__(self) -> None:
        self._tasks: _Tasks = weakref.WeakSet()
        _started.set(self._tasks)

    def left(self) -> list[str]:
        """Give the names of those tasks that have not ended, but for the one that asks."""
        asking = asyncio.current_task()
        return sorted(
            task.get_name() for task in self._tasks if not task.done() and task is not asking
        )

    @staticmethod
    @contextmanager
    def watched() -> Iterator[None]:
        """Let the running event loop report the tasks that it starts."""
        loop = asyncio.get_running_loop()
        before = loop.get_task_factory()
        loop.set_task_factory(_make_task)  # type: ignore[arg-type]  # typed as without options
        try:
            yield
        finally:
            loop.set_task_factory(before)


def _make_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    tasks = _started.get()
    if tasks is not None:
        tasks.add(task)
    return task


def open_sockets(ports: Collection[int]) -> Counter[int]:
    """Count the open sockets of this process that lead from or to these ports, for each port."""
    found: Counter[int] = Counter()
    for item in gc.get_objects():
        if issubclass(type(item), socket.socket) and item.fileno() >= 0:
            for end in (item.getsockname, item.getpeername):
                try:
                    address = end()
                except OSError:  # it is not connected
                    continue
                if isinstance(address, tuple) and address[1] in ports:
                    found[address[1]] += 1
                    break
    return found


class LogWatch(logging.Handler):
    """Looks for secrets in every record of every logger, at every level.

    Args:
        secret: a pattern; what its first group matches says whose secret it is.

    Attributes:
        records: how many records there were.
        found: in how many of them, for each first group.
    """

    def __init__(self, secret: str) -> None:
        super().__init__(logging.NOTSET)
        self.records = 0
        self.found: Counter[str] = Counter()
        self._secret = re.compile(secret)

    def emit(self, record: logging.LogRecord) -> None:
        """Search a record: its text, its traceback, and what it carries beside them."""
        self.records += 1
        text = self.format(record) + repr(record.__dict__)
        self.found.update({match[1] for match in self._secret.finditer(text)})

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hear everything: all loggers pass all that they are told to this handler too."""
        root = logging.getLogger()
        loggers = [
            item for item in root.manager.loggerDict.values() if isinstance(item, logging.Logger)
        ]
        before = [(logger, logger.level, logger.propagate) for logger in (root, *loggers)]
        disabled = root.manager.disable
        root.manager.disable = logging.NOTSET
        for logger in loggers:
            logger.setLevel(logging.NOTSET)
            logger.propagate = True
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        try:
            yield
        finally:
            root.removeHandler(self)
            root.manager.disable = disabled
            for logger, level, propagate in before:
                logger.setLevel(level)
                logger.propagate = propagate
