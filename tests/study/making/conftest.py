"""A workspace with two methods on two clips of two frames, as `run` leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mgld_bench.engine.session import Session
from tests.helpers.command import Done, call
from tests.helpers.tiny_suite import write_tiny_suite

CARD = """\
name: mine
title: Which is better?
methods: [bicubic, compact]
clips: [tiny/a, tiny/b]
questions:
  - {name: overall, text: "Which is better?"}
design: {participants: 3, repeats: 1, traps: 1}
"""


@dataclass(frozen=True)
class Bench:
    """The program with the cards and the home of the tiny suite."""

    folder: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def __call__(self, *arguments: str | Path) -> Done:
        home = {"MGLD_BENCH_HOME": str(self.folder / "home"), "MGLD_BENCH_CARDS": str(self.folder / "cards")}
        return call(*arguments, "--workspace", self.workspace, environment=home)

    def card(self, text: str = CARD) -> Path:
        file = self.folder / "cards" / "reports" / "studies" / "mine.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        return file


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = Bench(tmp_path_factory.mktemp("study"))
    write_tiny_suite(made.folder)
    # Not by `run`, which would draw a report too.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGLD_BENCH_HOME", str(made.folder / "home"))
        sources, cards = {"tiny": made.folder / "data"}, [made.folder / "cards"]
        with Session.open(
            "small", workspace=made.workspace, metrics=["psnr"], sources=sources, cards=cards, device="cpu"
        ) as session:
            session.run(["a test"])
    return made
