"""The queue of runs by workers: publishing and claiming many units, and what it adds to units of one second.

python benchmarks/claims.py [--units 10000] [--store URL] [--claims 2000] [--seconds 30]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from mgld_bench.engine.executors.heartbeat import Doing, heartbeat
from mgld_bench.engine.executors.job import Job, add_job
from mgld_bench.engine.executors.queue import Queue, Task
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.metrics.metric import ClipScore

PLACE = "benchmark"
PROCESSES = 4


@dataclass(frozen=True)
class Place:
    """Where a worker of the benchmark works."""

    url: str
    job: int
    most: int


def publish(store: Store, count: int) -> tuple[int, float]:
    """Put so many units into the queue; returns the job and the seconds."""
    asked = SuiteRequest(report="benchmark")
    job = add_job(store, Job(0, PLACE, Path("/none"), "here", "here", "benchmark", asked, "", {}, 0.0, False)).id
    units = (Unit("restore", f"{job}-{number:06}", "set", f"{number:06}", 10, False, "method") for number in range(count))
    tasks = [Task(unit, number, "", "") for number, unit in enumerate(units)]
    began = time.perf_counter()
    Queue(store).publish(job, PLACE, tasks, 0.0)
    return job, time.perf_counter() - began


@dataclass(frozen=True)
class Taken:
    """What one process of the benchmark has done."""

    units: int
    began: float
    ended: float
    claiming: float
    """Seconds of CPU."""
    finishing: float


def take(place: Place) -> Taken:
    """Claim and finish units until ``most`` are done; in a process of its own."""
    with Store(place.url) as store:
        queue, run, done, claiming, finishing = Queue(store), store.begin_run("benchmark", {}), 0, 0.0, 0.0
        began = time.time()
        while done < place.most:
            before = time.process_time()
            claim = queue.claim(f"w{time.time_ns()}", [place.job], [""])
            claiming += time.process_time() - before
            if claim is None:
                break
            done += len(claim.keys)
            before = time.process_time()
            queue.finish(claim, run, [(finished(key), None) for key in claim.keys], {})
            finishing += time.process_time() - before
        return Taken(done, began, time.time(), claiming, finishing)


def rates(url: str, job: int, processes: int, claims: int) -> str:
    """How many units so many processes claim and finish in a second, and what that costs."""
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        taken = list(pool.map(take, [Place(url, job, claims // processes)] * processes))
    units = sum(one.units for one in taken)
    seconds = max(one.ended for one in taken) - min(one.began for one in taken)
    claiming = 1000 * sum(one.claiming for one in taken) / units
    finishing = 1000 * sum(one.finishing for one in taken) / units
    return (
        f"{processes} processes: {units / seconds:.0f} units claimed and finished per second; CPU per unit: {claiming:.1f} ms to "
        f"claim, {finishing:.1f} ms to finish"
    )


def finished(key: str) -> FinishedUnit:
    """A unit as it is kept."""
    return FinishedUnit(key, "restore", "set", key, "method", frames=10, seconds=1.0)


def overhead(store: Store, seconds: int) -> tuple[float, float]:
    """Seconds that units of one second take in a plain loop that keeps them, and by claims with heartbeats."""
    run = store.begin_run("benchmark", {})
    began = time.perf_counter()
    for number in range(seconds):
        time.sleep(1)
        store.add(run, [(finished(f"plain-{time.time_ns()}-{number}"), ClipScore("psnr.rgb", 30.0, None))])
    plain = time.perf_counter() - began
    job, _ = publish(store, seconds)
    queue, doing = Queue(store), Doing()
    began = time.perf_counter()
    while (claim := queue.claim("w", [job], [""])) is not None:
        with heartbeat(store, queue, claim, doing, 15):
            time.sleep(1)
        queue.finish(claim, run, [(finished(key), ClipScore("psnr.rgb", 30.0, None)) for key in claim.keys], {})
    return plain, time.perf_counter() - began


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
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--store", default="", help="default: a SQLite file in a temporary folder")
    parser.add_argument("--claims", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    with address(options.store) as url, Store(url) as store:
        job, seconds = publish(store, options.units)
        print(f"published {options.units} units in {seconds:.2f} s")
        for processes in (1, PROCESSES):
            print(rates(url, job, processes, options.claims))
        plain, claimed = overhead(store, options.seconds)
        more = 100 * (claimed / plain - 1)
        print(f"{options.seconds} units of 1 s: plain loop {plain:.2f} s, by claims {claimed:.2f} s: {more:+.1f} %")


if __name__ == "__main__":
    main()
