"""Connections to PostgreSQL, one transaction at a time, none of which can hang for long.

Nothing outlives a transaction: no session setting, no lock, no prepared statement. So a pooler in transaction mode
(PgBouncer and its like) may stand in between. Every statement is inside an explicit transaction, because asyncpg sends
even an unnamed statement in two steps, and a pooler may have them answered by two servers otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final, TypeAlias

import asyncpg

from gateway.errors import LedgerUnavailable

PATIENCE: Final = 5.0
"""Seconds to wait for a connection or for the answer to a statement."""
LONG: Final = 3600.0
"""Seconds for what takes as long as there is data."""
MOST_READERS: Final = 4

Connection: TypeAlias = Any
"""An `asyncpg.Connection`; the library has no types."""

FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)

_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# Whoever commits must be told the truth; a gateway that stands still must not keep the others out.
WRITE: Final = """
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    SET LOCAL lock_timeout = '4s';
    SET LOCAL idle_in_transaction_session_timeout = '10s';
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'
"""


class Connections:
    """Connections to the database at `url`; kept for the next transaction between `open` and `close`."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        self._url = url
        self._patience = patience
        self._pool: Any = None

    async def open(self) -> None:
        """Connects nowhere yet. May be called twice."""
        if self._pool is None:
            self._pool = await asyncpg.create_pool(min_size=0, max_size=MOST_READERS, reset=_nothing, **self._options())

    async def close(self) -> None:
        """May be called twice."""
        pool, self._pool = self._pool, None
        if pool is not None:
            with suppress(*FAILURES):
                await pool.close()

    async def connect(self) -> Connection:
        """A connection of its own. Raises one of `FAILURES`."""
        return await asyncpg.connect(**self._options())

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A transaction that sees the database as it is at its first statement. Raises LedgerUnavailable."""
        with translated():
            async with self._some() as connection, transaction(connection, _READ):
                yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """A transaction, durable once it is left without an exception. Raises LedgerUnavailable."""
        with translated():
            async with self._some() as connection, transaction(connection):
                yield connection

    @asynccontextmanager
    async def _some(self) -> AsyncIterator[Connection]:
        pool = self._pool
        if pool is None:
            connection = await self.connect()
            try:
                yield connection
            finally:
                await hang_up(connection)
            return
        connection = await pool.acquire(timeout=self._patience)
        try:
            yield connection
        finally:
            await pool.release(connection)

    def _options(self) -> dict[str, Any]:
        return {
            "dsn": self._url,
            "timeout": self._patience,
            "command_timeout": self._patience,
            "statement_cache_size": 0,
        }


@asynccontextmanager
async def transaction(connection: Connection, begin: str = WRITE) -> AsyncIterator[None]:
    """A transaction on `connection`, which is done for after any exception: hanging up needs no answer."""
    try:
        await connection.execute(begin)
        yield
        await connection.execute("COMMIT")
    except BaseException:
        connection.terminate()
        raise


async def hang_up(connection: Connection) -> None:
    """Ends a connection; never raises what that raises."""
    with suppress(*FAILURES):
        await connection.close(timeout=1)


@contextmanager
def translated() -> Iterator[None]:
    """Raises LedgerUnavailable for whatever the database or the way to it does. The first line of an error is told:
    a detail may hold values."""
    try:
        yield
    except FAILURES as error:
        said = next(iter(str(error).splitlines()), "")
        raise LedgerUnavailable(f"postgresql: {said or type(error).__name__}") from error


async def _nothing(connection: Connection) -> None:
    """What a connection is reset by: there is nothing to reset."""
