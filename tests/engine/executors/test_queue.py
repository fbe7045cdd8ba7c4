"""The queue: each unit by one worker at a time, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text, update

from mgld_bench.engine.executors.claiming import Claim
from mgld_bench.engine.executors.job import Job, add_job, close_job, open_jobs
from mgld_bench.engine.executors.queue import MOST_LOSSES, Queue, Task, TaskState
from mgld_bench.engine.executors.survey import survey
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.schema.tables import TaskRow
from mgld_bench.engine.store import FinishedUnit, Store, open_store
from mgld_bench.metrics.metric import ClipScore

PLACE = "a workspace"


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(store_url, tmp_path, create=True) as opened:
        yield opened


def new_job(store: Store) -> int:
    request = SuiteRequest(report="small")
    return add_job(store, Job(0, PLACE, Path("/bench"), "box", "machine", "small", request, "run small", {}, 0.0, False)).id


def task(key: str, kind: str = "restore", needs: str = "", device: str = "", clip: str = "bunny") -> Task:
    metric = "psnr.rgb" if kind == "score" else ""
    return Task(Unit(kind, key, "tiny", clip, 3, False, "bicubic", metric), 0, needs, device)


def in_order(*tasks: Task) -> list[Task]:
    return [Task(one.unit, place, one.needs, one.device) for place, one in enumerate(tasks)]


def finished(claim: Claim) -> list[tuple[FinishedUnit, ClipScore | None]]:
    return [
        (FinishedUnit(key, claim.kind, claim.dataset, claim.clip, seconds=1.0), ClipScore("psnr.rgb", 30.0, None))
        for key in claim.keys
    ]


def taken(queue: Queue, job: int, worker: str = "w", devices: Sequence[str] = ("",)) -> Claim:
    claim = queue.claim(worker, [job], devices)
    assert claim is not None
    return claim


def test_units_are_taken_in_the_order_of_the_plan_once_what_they_need_is_done(store: Store) -> None:
    queue, job, run = Queue(store), new_job(store), store.begin_run("small", {})
    tasks = in_order(task("pair", "pair"), task("r", needs="pair"), *(task(f"s{n}", "score", needs="r") for n in range(3)))
    queue.publish(job, PLACE, tasks, 0.0)
    first = taken(queue, job)
    assert (first.keys, first.text) == (("pair",), "pair bicubic tiny bunny")
    assert queue.claim("other", [job], [""]) is None
    assert queue.any_open([job])
    assert queue.finish(first, run, finished(first), {})
    second = taken(queue, job)
    assert second.keys == ("r",)
    assert queue.finish(second, run, finished(second), {})
    scores = taken(queue, job)
    assert (scores.keys, scores.text) == (("s0", "s1", "s2"), "score tiny bunny (3)")
    assert queue.finish(scores, run, finished(scores), {})
    assert not queue.any_open([job])
    assert store.finished(["pair", "r", "s0", "s1", "s2"]) == {"pair", "r", "s0", "s1", "s2"}


def test_what_fails_takes_with_it_what_needs_it_and_nothing_else(store: Store) -> None:
    queue, job, run = Queue(store), new_job(store), store.begin_run("small", {})
    tasks = in_order(task("p1", "pair"), task("r1", needs="p1"), task("s1", "score", needs="r1"), task("r2", clip="bikes"))
    queue.publish(job, PLACE, tasks, 0.0)
    claim = taken(queue, job)
    assert queue.finish(claim, run, [], {"p1": "pair tiny bunny: is broken"})
    states = {one.key: (one.state, one.error) for one in next(queue.changes(PLACE, 0.0))}
    assert states == {
        "p1": ("failed", "pair tiny bunny: is broken"),
        "r1": ("failed", ""),
        "s1": ("failed", ""),
        "r2": ("ready", ""),
    }
    (found,) = survey(store).jobs
    assert found.failures == ("pair tiny bunny: is broken",)
    assert (found.count("failed"), found.count("ready")) == (3, 1)


def test_a_lease_that_runs_out_gives_the_unit_to_somebody_else_who_alone_can_finish_it(store: Store) -> None:
    queue, job, run = Queue(store, lease=0.2), new_job(store), store.begin_run("small", {})
    queue.publish(job, PLACE, [task("r")], 0.0)
    slow = taken(queue, job, "slow")
    queue.reap()
    assert queue.claim("quick", [job], [""]) is None, "its lease has not run out"
    assert queue.renew(slow)
    threading.Event().wait(0.3)
    queue.reap()
    quick = taken(queue, job, "quick")
    assert not queue.renew(slow)
    assert not queue.finish(slow, run, finished(slow), {})
    assert store.finished(["r"]) == set()
    assert queue.finish(quick, run, finished(quick), {})


def test_a_unit_that_kills_its_workers_fails_in_the_end(store: Store) -> None:
    queue, job = Queue(store), new_job(store)
    queue.publish(job, PLACE, in_order(task("r"), task("s", "score", needs="r")), 0.0)
    for number in range(MOST_LOSSES):
        taken(queue, job, f"w{number}")
        queue.release("somebody else")
        queue.release(f"w{number}")
    assert queue.claim("w", [job], [""]) is None
    (found,) = survey(store).jobs
    assert found.count("failed") == 2
    assert found.failures == ("25 workers were lost while they did it (killed for lack of memory?)",)


def test_a_unit_whose_worker_was_lost_goes_to_the_back(store: Store) -> None:
    queue, job = Queue(store), new_job(store)
    queue.publish(job, PLACE, in_order(task("a"), task("b")), 0.0)
    assert taken(queue, job, "lost").keys == ("a",)
    queue.release("lost")
    assert [taken(queue, job).keys for _ in range(2)] == [("b",), ("a",)]


def test_a_worker_with_a_gpu_takes_what_needs_one_first_and_one_without_never(store: Store) -> None:
    queue, job = Queue(store), new_job(store)
    queue.publish(job, PLACE, in_order(task("pair", "pair"), task("r", device="cuda", clip="bikes")), 0.0)
    assert taken(queue, job, devices=("cuda", "")).keys == ("r",)
    assert taken(queue, job, devices=("",)).keys == ("pair",)
    assert queue.claim("w", [job], ["cuda", ""]) is None


def test_two_runs_of_one_workspace_share_its_queue(store: Store) -> None:
    queue, first, second, run = Queue(store), new_job(store), new_job(store), store.begin_run("small", {})
    planned = queue.now() - 60
    queue.publish(first, PLACE, in_order(task("a"), task("b"), task("c")), planned)
    done, running = taken(queue, first), taken(queue, first)
    assert queue.finish(done, run, finished(done), {})
    queue.publish(second, PLACE, in_order(task("a"), task("b"), task("c"), task("d", "score", needs="b")), planned)
    assert taken(queue, second).keys == ("c",)
    assert queue.claim("w", [first, second], [""]) is None, "a is done, b is running, d waits for it"
    assert queue.finish(running, run, finished(running), {})
    assert taken(queue, second).keys == ("d",)
    queue.withdraw(second)
    close_job(store, first)
    assert [job.id for job in open_jobs(store)] == [second]


def test_what_was_done_before_it_was_planned_again_is_done_again(store: Store) -> None:
    """Its files are gone: the plan says so."""
    queue, job, run = Queue(store), new_job(store), store.begin_run("small", {})
    queue.publish(job, PLACE, [task("a")], 0.0)
    claim = taken(queue, job)
    queue.finish(claim, run, finished(claim), {})
    store.transact(lambda session: session.execute(update(TaskRow).values(changed=1.0)))
    queue.publish(job, PLACE, [task("a")], queue.now())
    assert taken(queue, job).keys == ("a",)


@pytest.mark.parametrize("threads", [6])
def test_many_workers_take_each_unit_once(threads: int, store: Store) -> None:
    queue, job, run = Queue(store), new_job(store), store.begin_run("small", {})
    tasks = in_order(*(task(f"r{number:03}") for number in range(120)))
    queue.publish(job, PLACE, tasks, 0.0)
    taken_by: dict[str, list[str]] = {}

    def work(worker: str) -> None:
        while (claim := queue.claim(worker, [job], [""])) is not None:
            taken_by.setdefault(worker, []).extend(claim.keys)
            assert queue.finish(claim, run, finished(claim), {})

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, [f"w{number}" for number in range(threads)]))
    every = [key for keys in taken_by.values() for key in keys]
    assert sorted(every) == [f"r{number:03}" for number in range(120)]
    assert len(taken_by) > 1
    states: list[TaskState] = next(queue.changes(PLACE, 0.0))
    assert {one.state for one in states} == {"done"}


def test_what_a_run_that_has_ended_left_is_taken_over_by_the_next(store: Store) -> None:
    """Its worker was lost at the same time, so the unit was still taken when the next run published its own."""
    queue, job, run = Queue(store, lease=0.0), new_job(store), store.begin_run("small", {})
    tasks = in_order(task("r1"))
    queue.publish(job, PLACE, tasks, 0.0)
    taken(queue, job, "lost with the run")
    close_job(store, job)
    after = new_job(store)
    queue.publish(after, PLACE, tasks, 0.0)
    assert queue.known(PLACE) == {"r1"}
    queue.reap()
    assert queue.claim("w", [after], [""]) is None
    assert queue.known(PLACE) == set()
    queue.publish(after, PLACE, tasks, 0.0)
    claim = taken(queue, after)
    assert queue.finish(claim, run, finished(claim), {})


def test_units_that_another_run_has_left_do_not_slow_a_claim_down(store: Store) -> None:
    """On either database the first unit is found by an index, not among all that are ready."""
    explain = "EXPLAIN QUERY PLAN " if store.on_this_machine_only else "EXPLAIN "
    abandoned, job = new_job(store), new_job(store)
    queue = Queue(store)
    queue.publish(abandoned, PLACE, in_order(*(task(f"old{n}") for n in range(300))), 0.0)
    queue.publish(job, "elsewhere", in_order(*(task(f"new{n}") for n in range(300))), 0.0)
    statement = "SELECT key FROM queue WHERE job = 2 AND state = 'ready' AND device = '' ORDER BY position LIMIT 1"
    if not store.on_this_machine_only:
        store.transact(lambda session: session.execute(text("ANALYZE queue")))
    plan = store.transact(lambda session: [str(row) for row in session.execute(text(explain + statement))], writing=False)
    assert any("ix_queue_first" in line for line in plan), plan
    assert not any("SORT" in line.upper() or "TEMP" in line for line in plan), plan
