"""Event loops on threads of their own, where connections live.

What runs there goes on while the user's code blocks its own loop: heartbeats above all. Between
the loops there are two ways: `IOThread.call` passes a call over, `IOThread.run` awaits work there
as if it were here, cancellation included; `on_loop` does the same in the other direction.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from ._deadlines import Deadlines
from .errors import ShardClosed

__all__ = ["IOThread", "on_loop"]

_T = TypeVar("_T")

_ENDED: Final = "the cluster is closed, and with it the thread that its shards live on"


async def on_loop(
    loop: asyncio.AbstractEventLoop,
    work: Callable[[], Coroutine[Any, Any, _T]],
    call_there: Callable[[Callable[[], object]], object] | None = None,
) -> _T:
    """Do work as a task of another thread's loop, and wait for it here.

    When cancelled, it cancels the work and waits until that has ended.

    Args:
        loop: the other loop.
        work: what to do there.
        call_there: calls a function on that loop, or raises; the loop's own way by default.

    Raises:
        RuntimeError: the loop is closed.
        BaseException: what the work raises.
    """
    here = asyncio.get_running_loop()
    if loop is here:
        return await work()
    outcome: asyncio.Future[_T] = here.create_future()
    tasks: list[asyncio.Task[_T]] = []
    cancelled = False

    def begin() -> None:
        task = loop.create_task(work())
        tasks.append(task)
        task.add_done_callback(end)
        if cancelled:
            task.cancel()

    def end(task: asyncio.Task[_T]) -> None:
        with contextlib.suppress(RuntimeError):  # nobody waits on a loop that is closed
            here.call_soon_threadsafe(settle, task)

    def settle(task: asyncio.Task[_T]) -> None:
        if task.cancelled():
            outcome.cancel()
        elif (error := task.exception()) is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(task.result())

    def cancel() -> None:
        for task in tasks:
            task.cancel()

    (call_there or loop.call_soon_threadsafe)(begin)
    try:
        return await asyncio.shield(outcome)
    except asyncio.CancelledError:
        if not outcome.done():
            cancelled = True
            with contextlib.suppress(RuntimeError):  # closed: then the work has ended
                loop.call_soon_threadsafe(cancel)
            await asyncio.wait((outcome,))
            if not outcome.cancelled():
                outcome.exception()
        raise


class IOThread:
    """One event loop on one thread.

    Args:
        name: the thread's name.

    Attributes:
        loop: the event loop.
        deadlines: of the shards that live on it.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.deadlines = Deadlines()
        # Not to keep a program from ending that never closed what runs here.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._over: Callable[[], object] | None = None
        self._beginning = threading.Lock()
        self._ended = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function on the thread, soon; does nothing once the thread has ended."""
        try:
            self.loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    async def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        """Do work on the thread and wait for it; see `on_loop`.

        Raises:
            ShardClosed: the thread has ended, before or meanwhile.
        """
        try:
            return await on_loop(self.loop, work, self._begin)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._ended and task is not None and not task.cancelling():
                raise ShardClosed(_ENDED) from None
            raise

    def _begin(self, function: Callable[[], object]) -> None:
        with self._beginning:
            if self._ended:
                raise ShardClosed(_ENDED)
            self.loop.call_soon_threadsafe(function)

    async def stop(self) -> None:
        """Cancel what is left, and wait until the thread has ended. Not to be cancelled."""
        here = asyncio.get_running_loop()
        over = here.create_future()
        self._over = lambda: here.call_soon_threadsafe(over.set_result, None)
        self.call(self.loop.stop)
        await over
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        loop = self.loop
        try:
            loop.run_forever()
            with self._beginning:
                self._ended = True
            loop.run_until_complete(asyncio.sleep(0))  # what was begun before is a task now
            tasks = asyncio.all_tasks(loop)
            for task in tasks:
                task.cancel()
            if tasks:
                loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            loop.close()
            if self._over is not None:
                self._over()
