"""What several processes counted, added up by any of them."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from gateway.observability.siblings import Counted, Siblings

MINE = Counted(Counter({("script", "hold"): 3}), lost=1, waiting=2, unwritten=4, refused=Counter({"shop busy": 6}))
THEIRS = {
    "enforced": [["script", "hold", 5], ["cookie", "cut", 1]],
    "lost": 10,
    "waiting": 20,
    "unwritten": 40,
    "refused": {"shop busy": 60, "queue full": 7},
}


def counted(folder: Path | None) -> Counted:
    async def run() -> Counted:
        siblings = Siblings(2, folder)
        siblings.start(lambda: MINE)
        await siblings.close()
        return siblings.counted()

    return asyncio.run(run())


def test_alone_there_is_nothing_to_add() -> None:
    assert counted(None) == MINE


def test_counts_of_others_are_added(tmp_path: Path) -> None:
    (tmp_path / f"{os.getppid()}-a.json").write_text(json.dumps(THEIRS), "utf-8")
    both = Counter({("script", "hold"): 8, ("cookie", "cut"): 1})
    assert counted(tmp_path) == Counted(
        both, lost=11, waiting=22, unwritten=44, refused=Counter({"shop busy": 66, "queue full": 7})
    )


def test_of_who_is_no_more_nothing_waits_but_what_was_counted_stays(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f"{gone.pid}-a.json").write_text(json.dumps(THEIRS), "utf-8")
    found = counted(tmp_path)
    assert (found.enforced["script", "hold"], found.lost, found.waiting, found.unwritten) == (8, 11, 2, 4)


def test_an_earlier_process_of_the_same_id_is_another(tmp_path: Path) -> None:
    (tmp_path / f"{os.getpid()}-a.json").write_text(json.dumps(THEIRS), "utf-8")
    assert counted(tmp_path).enforced["script", "hold"] == 8


def test_the_last_counts_are_told_at_the_end(tmp_path: Path) -> None:
    counted(tmp_path)
    (told,) = tmp_path.iterdir()
    assert told.name.startswith(f"{os.getpid()}-")
    assert json.loads(told.read_text("utf-8"))["enforced"] == [["script", "hold", 3]]
