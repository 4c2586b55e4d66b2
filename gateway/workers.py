"""Processes that serve at one socket, and their parent: it starts them, replaces those that die, and hears signals.

SIGTERM and SIGINT stop all, once their requests are answered and their events recorded. SIGHUP replaces them one after
the other, each only when its successor is ready, so that nobody is refused meanwhile.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Final, NoReturn

log = logging.getLogger(__name__)

READY: Final = 60.0
"""Seconds a new process may take until it serves."""
PATIENCE: Final = 60.0
"""Seconds a process may take to end: it drains for less (`gateway.server`); then it is killed."""
LONGEST: Final = 30.0
"""Seconds between two attempts at most, where every new process dies at once."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)

Serve = Callable[[Callable[[], None], int], int]
"""`serve(ready, parent)` runs in a new process until SIGTERM, or until `parent` can be read: then the parent is gone.

It calls `ready` once it takes requests, and returns the exit code.
"""


@dataclass(slots=True, eq=False)
class _Worker:
    """A process; `ready` is readable once it serves, or is no more."""

    pid: int
    ready: int
    since: float


class Workers:
    """The parent of `number` processes that run `serve`.

    `reload` gives what they run after a SIGHUP, or None if it stays as it is: that has been logged then. `leave` closes
    the parent's own end of the sockets when all are told to stop: a connection that nobody would answer is refused.
    """

    def __init__(
        self,
        number: int,
        serve: Serve,
        reload: Callable[[], Serve | None],
        leave: Callable[[], None] = lambda: None,
    ) -> None:
        self._number = number
        self._serve = serve
        self._reload = reload
        self._leave = leave
        self._working: list[_Worker] = []
        self._leaving: list[_Worker] = []
        self._asked: set[int] = set()
        self._failures = 0
        self._not_before = 0.0
        self._life: tuple[int, int] = (-1, -1)
        self._wake: tuple[int, int] = (-1, -1)

    def run(self) -> int:
        """Serves until it is told to stop; 0 then, or the exit code of a first process that could not start."""
        self._life = os.pipe()
        self._wake = os.pipe()
        os.set_blocking(self._wake[0], False)
        os.set_blocking(self._wake[1], False)
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        woken_before = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        try:
            return self._run()
        finally:
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            for descriptor in (*self._life, *self._wake):
                os.close(descriptor)

    def _run(self) -> int:
        # One alone first: it makes the record's files and notes the configuration, the others find it done.
        first = self._start(self._serve)
        code = self._wait_for(first)
        if code is not None:
            return code
        self._working.append(first)
        while not self._stopping():
            self._reap()
            if signal.SIGHUP in self._asked:
                self._asked.discard(signal.SIGHUP)
                self._renew()
            elif len(self._working) < self._number and time.monotonic() >= self._not_before:
                self._working.append(self._start(self._serve))
            else:
                self._pause(1.0)
        self._stop()
        return 0

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._asked.add(number)

    def _stopping(self) -> bool:
        return bool(self._asked & {signal.SIGTERM, signal.SIGINT})

    def _start(self, serve: Serve) -> _Worker:
        ready, told = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        # What arrives between the fork and the child's own handlers waits.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            self._become_worker(serve, ready, told, blocked)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        os.close(told)
        return _Worker(pid, ready, time.monotonic())

    def _become_worker(self, serve: Serve, ready: int, told: int, blocked: set[int | signal.Signals]) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            for descriptor in (ready, self._life[1], *self._wake, *(w.ready for w in self._working + self._leaving)):
                os.close(descriptor)
            code = serve(lambda: _tell(told), self._life[0])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("a process ended")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait_for(self, worker: _Worker) -> int | None:
        """None once `worker` serves; else it is gone, or told to go, and this is its exit code."""
        until = time.monotonic() + READY
        while time.monotonic() < until and not self._stopping():
            if worker.ready in self._pause(until - time.monotonic(), worker.ready):
                if os.read(worker.ready, 1):
                    return None
                return self._end(worker)
        os.kill(worker.pid, signal.SIGTERM)
        self._leaving.append(worker)
        if self._stopping():
            self._stop()
            return 0
        log.error("a new process was not ready after %d seconds", READY)
        return 1

    def _end(self, worker: _Worker) -> int:
        os.close(worker.ready)
        return os.waitstatus_to_exitcode(os.waitpid(worker.pid, 0)[1])

    def _reap(self) -> None:
        """Notes which processes are gone, and kills those that take too long to go."""
        for worker in _gone(self._working):
            self._working.remove(worker)
            # One that served for a while is replaced at once, others ever more slowly.
            self._failures = 0 if time.monotonic() - worker.since > LONGEST else self._failures + 1
            pause = min(LONGEST, 0.1 * 2 ** (self._failures - 1)) if self._failures else 0.0
            self._not_before = time.monotonic() + pause
            log.error("a process died and is replaced", extra={"pid": worker.pid})
        for worker in _gone(self._leaving):
            self._leaving.remove(worker)
        for worker in self._leaving:
            if time.monotonic() - worker.since > PATIENCE:
                os.kill(worker.pid, signal.SIGKILL)

    def _renew(self) -> None:
        """Replaces all one after the other; the old ones stay if the first new one cannot start."""
        serve = self._reload()
        if serve is None:
            return
        for old in list(self._working):
            new = self._start(serve)
            if self._wait_for(new) is not None:
                if not self._stopping():
                    kept = "stays in force" if self._serve is not serve else "is kept by some processes"
                    log.error("the new configuration cannot be served, the old one %s", kept)
                return
            self._serve = serve
            self._working.append(new)
            self._working.remove(old)
            self._let_go(old)
        log.info("the new configuration is in force")

    def _let_go(self, worker: _Worker) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)
        worker.since = time.monotonic()
        self._leaving.append(worker)

    def _stop(self) -> None:
        self._leave()
        while self._working:
            self._let_go(self._working.pop())
        while self._leaving:
            self._reap()
            if self._leaving:
                self._pause(0.5)

    def _pause(self, seconds: float, *descriptors: int) -> list[int]:
        """Until a signal comes, one of `descriptors` can be read, or time is over; those that can."""
        found, _, _ = select.select([self._wake[0], *descriptors], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake[0], 512):
                pass
        return found


def _tell(told: int) -> None:
    os.write(told, b"1")
    os.close(told)


def _gone(workers: list[_Worker]) -> Iterator[_Worker]:
    for worker in list(workers):
        pid, _ = os.waitpid(worker.pid, os.WNOHANG)
        if pid:
            os.close(worker.ready)
            yield worker
