"""The queue of runs by workers: publishing and claiming many units, and what a worker adds to units of one second.

Queued are the units of many clips as a plan has them: a pair, a restored clip of each of four methods, five scores of each;
beside as many units that another run has left.

python benchmarks/claims.py [--clips 400] [--store URL] [--claims 2400] [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from mgld_bench.engine.executors.claiming import Claim
from mgld_bench.engine.executors.heartbeat import Doing, heartbeat
from mgld_bench.engine.executors.job import Job, add_job, open_jobs
from mgld_bench.engine.executors.queue import Queue, Task
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.metrics.metric import ClipScore

METHODS, METRICS = 4, 5
PROCESSES = 4


@dataclass(frozen=True)
class Place:
    """Where a worker of the benchmark works."""

    url: str
    job: int
    most: int


def tasks(prefix: str, clips: int) -> list[Task]:
    """The units of so many clips, in the order of a plan."""
    found = []
    for number in range(clips):
        clip = f"{prefix}{number:06}"
        found.append(Task(Unit("pair", clip, "set", clip, 10, False), 0, "", ""))
        for method in (f"m{index}" for index in range(METHODS)):
            restored = f"{clip}-{method}"
            found.append(Task(Unit("restore", restored, "set", clip, 10, False, method), 0, clip, ""))
            for metric in (f"metric{index}" for index in range(METRICS)):
                found.append(Task(Unit("score", f"{restored}-{metric}", "set", clip, 10, False, method, metric), 0, restored, ""))
    found.sort(key=lambda task: ("pair", "restore", "score").index(task.unit.kind))
    return [Task(task.unit, position, task.needs, task.device) for position, task in enumerate(found)]


def publish(store: Store, clips: int) -> tuple[int, int, float]:
    """Put the units of so many clips into the queue; returns the job, how many units they are, and the seconds."""
    asked = SuiteRequest(report="benchmark")
    place = f"benchmark-{time.time_ns()}"
    job = add_job(store, Job(0, place, Path("/none"), "here", "here", "benchmark", asked, "", {}, 0.0, False)).id
    units = tasks(f"{job}-", clips)
    began = time.perf_counter()
    Queue(store).publish(job, place, units, 0.0)
    return job, len(units), time.perf_counter() - began


@dataclass(frozen=True)
class Taken:
    """What one process of the benchmark has done."""

    units: int
    claims: int
    began: float
    ended: float
    claiming: tuple[float, float]
    """Seconds on the clock, and on a core."""
    finishing: tuple[float, float]


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def plus(total: tuple[float, float], since: tuple[float, float]) -> tuple[float, float]:
    clock, core = now()
    return total[0] + clock - since[0], total[1] + core - since[1]


def take(place: Place) -> Taken:
    """Claim and finish units until ``most`` claims are made; in a process of its own."""
    with Store(place.url) as store:
        queue, run, claims, units = Queue(store), store.begin_run("benchmark", {}), 0, 0
        claiming = finishing = (0.0, 0.0)
        began = time.time()
        while claims < place.most:
            before = now()
            claim = queue.claim(f"w{os.getpid()}", [place.job], [""])
            claiming = plus(claiming, before)
            if claim is None:
                break
            claims, units = claims + 1, units + len(claim.keys)
            before = now()
            queue.finish(claim, run, finished(claim), {})
            finishing = plus(finishing, before)
        return Taken(units, claims, began, time.time(), claiming, finishing)


def rates(url: str, job: int, processes: int, claims: int) -> str:
    """How many units so many processes claim and finish in a second, and what that costs."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        taken = list(pool.map(take, [Place(url, job, claims // processes)] * processes))
    units, made = sum(one.units for one in taken), sum(one.claims for one in taken)
    seconds = max(one.ended for one in taken) - min(one.began for one in taken)
    claiming, finishing = (
        [1000 * sum(one[part] for one in times) / made for part in (0, 1)]
        for times in ([one.claiming for one in taken], [one.finishing for one in taken])
    )
    return (
        f"{processes} processes: {made} claims of {units} units: {units / seconds:.0f} units, {made / seconds:.0f} claims taken "
        f"and finished per second; a claim takes {claiming[0]:.1f} ms ({claiming[1]:.1f} on a core), to finish one "
        f"{finishing[0]:.1f} ({finishing[1]:.1f})"
    )


def finished(claim: Claim) -> list[tuple[FinishedUnit, ClipScore | None]]:
    """The units of a claim as they are kept."""
    score = ClipScore("psnr.rgb", 30.0, None) if claim.kind == "score" else None
    return [(FinishedUnit(key, claim.kind, "set", claim.clip, frames=10, seconds=1.0), score) for key in claim.keys]


def overhead(store: Store, seconds: int) -> str:
    """What units of one second take in a plain loop that keeps them, and as a worker does them: with looks at jobs and leases."""
    run = store.begin_run("benchmark", {})
    began = now()
    for number in range(seconds):
        time.sleep(1)
        unit = FinishedUnit(f"plain-{time.time_ns()}-{number}", "restore", "set", "clip", frames=10, seconds=1.0)
        store.add(run, [(unit, None)])
    plain = plus((0.0, 0.0), began)
    job, _, _ = publish(store, seconds)
    queue, doing = Queue(store), Doing()
    began = now()
    for _ in range(seconds):
        queue.reap()
        open_jobs(store)
        claim = queue.claim("w", [job], [""])
        if claim is None:
            raise AssertionError
        with heartbeat(store, queue, claim, doing, 15):
            time.sleep(1)
        queue.finish(claim, run, finished(claim), {})
    claimed = plus((0.0, 0.0), began)
    more = 100 * (claimed[0] / plain[0] - 1)
    return (
        f"{seconds} units of 1 s: plain loop {plain[0]:.2f} s ({plain[1]:.2f} on a core), as a worker does them "
        f"{claimed[0]:.2f} s ({claimed[1]:.2f} on a core): {more:+.1f} %"
    )


@contextmanager
def address(given: str) -> Iterator[str]:
    """The address of the store: as given, or a SQLite file."""
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/results.sqlite"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--store", default="", help="default: a SQLite file in a temporary folder")
    parser.add_argument("--claims", type=int, default=2400)
    parser.add_argument("--seconds", type=int, default=20, help="of units of one second; 0: leave that out")
    options = parser.parse_args()
    with address(options.store) as url, Store(url) as store:
        publish(store, options.clips)
        for processes in (1, PROCESSES):
            job, units, seconds = publish(store, options.clips)
            print(f"{units} units put into the queue in {seconds:.2f} s")
            print(rates(url, job, processes, options.claims), flush=True)
        if options.seconds:
            print(overhead(store, options.seconds))


if __name__ == "__main__":
    main()
