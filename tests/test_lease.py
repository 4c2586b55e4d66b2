"""One holder at a time, and the next one when it lets go or is no more."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from gateway.lease import Lease

HOLDER = """
import asyncio, sys
from pathlib import Path
from gateway.lease import Lease
lease = Lease(Path(sys.argv[1]))
asyncio.run(lease.hold())
print("held", flush=True)
sys.stdin.read()
"""


def test_another_process_waits_until_the_holder_is_no_more(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        lease = Lease(path)

        async def wait() -> bool:
            waiting = asyncio.create_task(lease.hold(0.01))
            await asyncio.sleep(0.1)
            early = waiting.done()
            other.kill()
            await waiting
            return early

        assert not asyncio.run(wait())
    lease.release()
    lease.release()


def test_briefly_is_one_after_the_other(tmp_path: Path) -> None:
    inside: list[int] = []

    async def enter(number: int) -> None:
        async with Lease(tmp_path / "lock").briefly():
            inside.append(number)
            assert len(inside) == 1
            await asyncio.sleep(0.01)
            inside.remove(number)

    async def all_() -> None:
        await asyncio.gather(*map(enter, range(5)))

    asyncio.run(all_())


def test_a_folder_that_cannot_be_written_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    asyncio.run(Lease(tmp_path / "file" / "lock").hold())
