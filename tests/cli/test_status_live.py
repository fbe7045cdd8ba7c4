"""status on a terminal is kept up to date until nothing is left to do, and then ends by itself."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from mgld_bench.engine.executors.job import Job, add_job
from mgld_bench.engine.executors.queue import Queue, Task
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.store import FinishedUnit, Store


def test_it_follows_a_run_to_its_end(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'results.sqlite'}"
    with Store(url) as store:
        asked = SuiteRequest(report="small")
        job = add_job(store, Job(0, "place", tmp_path, "box", "machine", "small", asked, "run small", {}, 0.0, False)).id
        queue = Queue(store)
        queue.publish(job, "place", [Task(Unit("restore", "k", "set", "clip", 3, False, "bicubic"), 0, "", "")], 0.0)
        terminal, end = pty.openpty()
        command = [sys.executable, "-m", "mgld_bench", "status", "--store", url]
        process = subprocess.Popen(command, stdout=end, stderr=end, stdin=end)
        os.close(end)
        try:
            assert "1 ready" in _until(terminal, "nobody is working: start mgld-bench worker")
            claim = queue.claim("w", [job], [""])
            assert claim is not None
            assert "1 running" in _until(terminal, "1 running")
            unit = FinishedUnit("k", "restore", "set", "clip", seconds=2.0)
            queue.finish(claim, store.begin_run("small", {}), [(unit, None)], {})
            assert "1 done; 2.0 s each" in _until(terminal, "nothing is left to do")
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
            os.close(terminal)


def _until(terminal: int, words: str) -> str:
    """What is shown until these words are."""
    deadline, shown = time.monotonic() + 120, ""
    while words not in shown:
        assert time.monotonic() < deadline, shown
        try:
            shown += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            assert words in shown, shown
    return shown
