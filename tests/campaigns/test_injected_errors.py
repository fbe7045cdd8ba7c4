"""Calls of the system that fail, in every verb: no traceback, nothing silently wrong, and the next run puts all right."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from tests.campaigns.campaign import Campaign
from tests.campaigns.failing_calls import KINDS, compiled
from tests.campaigns.forked import Ended, Fault, Program
from tests.campaigns.state import LEFT_OVER, state
from tests.helpers.tiny_suite import write_tiny_suite

ERRORS: Final[Mapping[str, tuple[int, ...]]] = {
    "open": (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EMFILE, errno.ENOENT, errno.EROFS),
    "write": (errno.ENOSPC, errno.EIO),
    "fsync": (errno.ENOSPC, errno.EIO),
    "rename": (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS),
    "mkdir": (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS),
    "stat": (errno.EIO, errno.EACCES),
    "unlink": (errno.EIO, errno.EACCES, errno.EROFS),
    "list": (errno.EIO, errno.EACCES, errno.EMFILE),
}
"""What each kind of call may report."""
COUNTED: Final = Fault("open", 0, 0, lasts=False)


@dataclass(frozen=True)
class Verb:
    """One use of the program."""

    name: str
    arguments: Sequence[str]
    before: str
    """The state of the folder that it starts from."""
    codes: frozenset[int] = frozenset({0, 2})
    """Exit codes that it may end with where a call has failed."""
    once: bool = False
    """Whether doing it again is something different: the second night of a checkpoint checks the first one."""


INCOMPLETE: Final = frozenset({0, 2, 3})
VERBS: Final = (
    Verb("restore", ["restore", "compact", "clip", "out"], "fresh"),
    Verb("score", ["score", "guess", "--gt", "data/GT", "--metrics", "psnr,ssim", "-o", "scores"], "fresh"),
    Verb("prepare", ["datasets", "prepare", "tiny", "--source", "data"], "fresh"),
    Verb("weights add", ["weights", "add", "mine.pth", "--as", "compact.pth"], "fresh"),
    Verb("run", ["run", "small", "--device", "cpu"], "prepared", INCOMPLETE),
    Verb("report", ["report", "small", "--format", "csv,md,tex"], "done", INCOMPLETE),
    Verb("page", ["report", "small", "--videos", "crops"], "done", INCOMPLETE),
    Verb("compare", ["compare", "bicubic", "compact", "--output", "verdict.md"], "done"),
    Verb("nightly", ["nightly", "small", "--method", "compact", "--checkpoint", "mine.pth"], "done", INCOMPLETE, once=True),
    Verb("list", ["list", "datasets", "--json"], "done"),
    Verb("list methods", ["list", "methods", "--json"], "done"),
    Verb("doctor", ["doctor", "--json"], "done", frozenset({0, 1, 2})),
    Verb("clean", ["clean", "--yes"], "cluttered"),
)
STATES: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "prepared": ("fresh", ["datasets", "prepare", "tiny", "--source", "data"]),
    "done": ("prepared", ["run", "small", "--device", "cpu"]),
    "cluttered": ("done", []),
}
"""By name, the state before and what makes it; nothing: `clutter`."""
IN_THE_SUITE: Final = 2
"""Only the first verbs are tried without a budget, one trial each: they start from a state that needs no work."""
NAMED: Final = ("unable to open database file", "disk I/O error", "database or disk is full", "readonly database")
"""What SQLite says where a call has failed. An error that is named beside exit code 0 is not silent: pages of a night, for
example, are not worth failing it.
"""
LISTINGS: Final = frozenset({"list", "list methods", "doctor"})
"""What they print is their result, and names what could not be read."""


@dataclass(frozen=True)
class Expected:
    """What an undisturbed use leaves."""

    ended: Ended
    files: Mapping[str, str]
    unsteady: frozenset[str]
    """Files that differ between two undisturbed uses."""


@dataclass
class Bench:
    """The program and the states that trials start from."""

    program: Program
    folder: Path
    expected: dict[str, Expected] = field(default_factory=dict)

    def start(self, before: str) -> Path:
        """The trials' folder, in this state, which is made where nobody has needed it yet."""
        if not (self.folder / before).exists():
            self._make(before)
        here = self.folder / "here"
        shutil.rmtree(here, ignore_errors=True)
        shutil.copytree(self.folder / before, here, symlinks=True)
        return here

    def run(self, arguments: Sequence[str], fault: Fault = COUNTED) -> Ended:
        here = self.folder / "here"
        places = {"MGLD_BENCH_HOME": str(here / "home"), "MGLD_BENCH_CARDS": str(here / "cards")}
        return self.program.run(arguments, here, places, fault)

    def _make(self, name: str) -> None:
        earlier, arguments = STATES[name]
        here = self.start(earlier)
        if arguments:
            assert self.run(arguments).code == 0
        else:
            clutter(here)
        shutil.copytree(here, self.folder / name, symlinks=True)

    def undisturbed(self, verb: Verb) -> Expected:
        """What the verb leaves, found out once."""
        if verb.name not in self.expected:
            uses = []
            for _ in range(2):
                here = self.start(verb.before)
                ended = self.run(verb.arguments)
                assert ended.code == 0, ended.err
                uses.append((ended, state(here)))
            (ended, files), (_, again) = uses
            assert files.keys() == again.keys()
            unsteady = frozenset(name for name in files if files[name] != again[name])
            self.expected[verb.name] = Expected(ended, files, unsteady)
        return self.expected[verb.name]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The program with the library before the C library, and the state ``fresh``."""
    folder = tmp_path_factory.mktemp("bench")
    library = compiled(folder)
    write_tiny_suite(folder / "fresh")
    with Program(library) as program:
        yield Bench(program, folder)


def clutter(folder: Path) -> None:
    """Leave what a killed process leaves."""
    workspace = folder / "workspace"
    for place in ("pairs/tiny/realbasicvsr/.z.partial/GT/0.png", "videos/ab/0.mp4", "restored/tiny/bicubic/z/0.png"):
        path = workspace / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"0")


def drawn(draw: random.Random, counts: Mapping[str, int]) -> Fault:
    """One of the calls that a verb makes, each kind as likely as the others."""
    kind = draw.choice([kind for kind in KINDS if counts[kind]])
    return Fault(kind, draw.randint(1, counts[kind]), draw.choice(ERRORS[kind]), draw.random() < 0.3)


def check(bench: Bench, verb: Verb, fault: Fault, figures: Counter[str]) -> None:
    """One trial: with the fault, then without."""
    expected = bench.undisturbed(verb)
    here = bench.start(verb.before)
    ended = bench.run(verb.arguments, fault)
    what = f"{verb.name}: {fault.kind} {fault.number}{' and all after it' if fault.lasts else ''}: {os.strerror(fault.errno)}"
    figures["errors"] += ended.failed
    figures["trials in which a call failed"] += bool(ended.failed)
    figures[f"exit code {ended.code}"] += 1
    assert "Traceback" not in ended.err, f"{what}\n{ended.err}"
    assert ended.code in verb.codes, f"{what}\n{ended.code}\n{ended.err}"
    if ended.code:
        assert ended.err.splitlines()[-1].startswith("mgld-bench: "), f"{what}\n{ended.err}"
    elif not any(reason in " ".join((ended.out + ended.err).split()) for reason in (os.strerror(fault.errno), *NAMED)):
        if verb.name in LISTINGS:
            assert listed(ended.out) == listed(expected.ended.out), f"{what}: exit code 0, and a different list"
        else:
            compare(f"{what}: exit code 0", state(here), expected)
    if ended.code == 0 and verb.once:
        return
    again = bench.run(verb.arguments)
    assert again.code == 0, f"after {what}\n{ended.code}: {ended.err}\nthen {again.code}: {again.err}"
    files = state(here)
    compare(f"after {what} ({ended.code}: {ended.err.splitlines()[-1:]})", files, expected)
    assert not [name for name in files if LEFT_OVER.search(name)], what


def listed(text: str) -> list[tuple[object, object]]:
    """What there is, and its state, in the output of a listing."""
    return [(row.get("what", row.get("name")), row["state"]) for row in json.loads(text)]


def compare(what: str, files: Mapping[str, str], expected: Expected) -> None:
    differing = {name for name in files.keys() | expected.files if files.get(name) != expected.files.get(name)}
    differing -= {name for name in expected.unsteady if name in files}
    assert not differing, f"{what}: {sorted(differing)}"


def test_injected_errors(bench: Bench, campaign: Campaign) -> None:
    """A failing call in every verb leaves one line or a right result, and the next run puts all right."""
    draw, figures = campaign.draw, Counter[str]()
    verbs = VERBS if campaign.budget is not None else VERBS[:IN_THE_SUITE]
    failures = []
    for trial in range(campaign.trials(sample=len(verbs), full=1000)):
        verb = verbs[trial % len(verbs)]
        fault = drawn(draw, bench.undisturbed(verb).ended.counts)
        try:
            check(bench, verb, fault, figures)
        except AssertionError as error:
            failures.append(str(error))
        figures["trials"] += 1
        campaign.keep(failures, **figures)
    assert not failures, "\n\n".join([f"{len(failures)} of {figures['trials']} trials:", *failures])
