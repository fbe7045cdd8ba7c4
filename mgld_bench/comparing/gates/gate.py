"""The file of a gate: rules that a comparison must satisfy. Unknown fields are errors with file and line, as in cards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError, model_validator

from mgld_bench.cards.schemas import ProtocolCard
from mgld_bench.cards.shipped_folder import shipped_folder
from mgld_bench.cards.tree import read_tree
from mgld_bench.cards.validation import validate_plain
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.metrics.catalogue import describe
from mgld_bench.plain_data import PlainData

ACCEPTED: Final = "accepted"
"""In place of a reference: the accepted night, which nightly runs know."""
SECONDS: Final = "seconds_per_frame"
COSTS: Final = (SECONDS, "peak_memory")
"""What a rule may limit beside metrics: seconds, and bytes."""
Role = Literal["blocking", "advisory"]


class Rule(PlainData):
    """How far one metric may fall, or rise, against the reference."""

    metric: str
    """A short name of the protocol, a full variant, or one of COSTS."""
    datasets: tuple[str, ...] = ()
    """Each of these by itself; none: each that is compared."""
    max_drop: float | str | None = None
    """In the metric's unit, or as a share of the reference's mean: "20%"."""
    max_rise: float | str | None = None
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """How sure it has to be that the limit is exceeded, over the clips and datasets of the rule."""
    role: Role = "blocking"

    @model_validator(mode="after")
    def _one_limit(self) -> Rule:
        if (self.max_drop is None) == (self.max_rise is None):
            raise ValueError("write one of max_drop and max_rise")
        self.limit_for(1.0)
        return self

    @property
    def text(self) -> str:
        """The rule in a few words."""
        kind = "max_drop" if self.max_rise is None else "max_rise"
        return f"{kind} {self.max_drop if self.max_rise is None else self.max_rise}"

    def limit_for(self, reference_mean: float) -> float:
        """The limit in the metric's unit."""
        written = self.max_drop if self.max_rise is None else self.max_rise
        share = isinstance(written, str)
        try:
            number = float(str(written).removesuffix("%")) if not share or str(written).endswith("%") else math.nan
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            raise ValueError(f'a limit is a number from 0 on, or a share such as "20%", not {written!r}')
        return number / 100 * abs(reference_mean) if share else number


class Gate(PlainData):
    """Rules, and what their comparison is with."""

    reference: str = Field(min_length=1)
    """ACCEPTED, or a method, store or run, written as `mgld-bench compare` takes it."""
    rules: tuple[Rule, ...]
    """At least one: a gate that measures nothing never passes."""

    @model_validator(mode="after")
    def _some_rules(self) -> Gate:
        if not self.rules:
            raise ValueError("a gate needs at least one rule in rules")
        return self


def gate_of(rules: Mapping[str, object]) -> Gate:
    """The gate of a file's content. Raises InputError with the field where it is wrong."""
    try:
        return Gate.model_validate(rules)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(step) for step in problem["loc"])
        raise InputError(f"gate: {f'{place}: ' if place else ''}{problem['msg'].removeprefix('Value error, ')}") from None


def load_gate(file: str) -> Gate:
    """The gate in this file, or the shipped one of this name. Raises InputError with file and line where it is wrong."""
    path = Path(file)
    shipped = shipped_folder() / "reports" / "gates"
    if not path.is_file():
        known = sorted(found.stem for found in shipped.glob("*.yaml"))
        if file not in known:
            hint = did_you_mean(file, known, f"shipped ones: {', '.join(known)}")
            raise InputError(f"--gate {file}: there is no such file; {hint}")
        path = shipped / f"{file}.yaml"
    return validate_plain(read_tree(path), Gate)


def metric_name(rule: Rule, protocol: ProtocolCard) -> str:
    """The full variant that a rule limits, or the cost.

    Raises:
        InputError: there is no such metric, or the rule limits an improvement.
    """
    if rule.metric in COSTS:
        if rule.max_drop is not None:
            raise InputError(f"gate: {rule.metric}: a drop is an improvement: write max_rise")
        return rule.metric
    try:
        facts = describe(protocol.resolve(rule.metric))
    except InputError as error:
        raise InputError(f"gate: {error}; costs are {', '.join(COSTS)}") from None
    if (facts.direction == "higher") == (rule.max_drop is None):
        wrong, right = ("rise", "max_drop") if facts.direction == "higher" else ("drop", "max_rise")
        raise InputError(f"gate: {facts.name}: {facts.direction} is better, so a {wrong} is an improvement: write {right}")
    return facts.name
