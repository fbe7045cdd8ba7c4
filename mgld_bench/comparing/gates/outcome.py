"""What a gate comes to, the same for the command, its exit code, and Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.gates.check import GateResult, Result
from mgld_bench.comparing.gates.gate import Role
from mgld_bench.errors import CheckError, IncompleteError

Outcome = Literal["passed", "failed", "incomplete"]
EXIT_CODES: Final[Mapping[Outcome, Literal[0, 1, 3]]] = {"passed": 0, "failed": 1, "incomplete": 3}


@dataclass(frozen=True)
class GateFinding:
    """What one rule saw on one dataset of one candidate."""

    rule: Mapping[str, Any]
    """As it was written."""
    metric: str
    """Full variant, or a cost."""
    dataset: str
    candidate: str
    result: Result
    role: Role
    saw: str
    """In words, with the numbers."""

    @property
    def blocks(self) -> bool:
        """Whether this makes the gate fail."""
        return self.result == "violated" and self.role == "blocking"


@dataclass(frozen=True)
class GateOutcome:
    """The outcome of ``mgld_bench.compare(…, gate=…)``."""

    outcome: Outcome
    """failed: a blocking rule is violated; incomplete: something that was asked for has no result; else passed."""
    exit_code: Literal[0, 1, 3]
    """That of ``mgld-bench compare … --gate``."""
    findings: tuple[GateFinding, ...]
    missing: tuple[str, ...]
    """What was asked for and has no result, one line each."""

    @property
    def passed(self) -> bool:
        """Whether nothing stands against the candidate."""
        return self.outcome == "passed"


def gate_as_json(comparison: Comparison, result: GateResult) -> dict[str, Any]:
    """What the rules of a gate saw, and what that comes to."""
    missing = lacking(comparison, result)
    outcome: Outcome = "failed" if result.failed else "incomplete" if missing else "passed"
    return {
        "outcome": outcome,
        "exit_code": EXIT_CODES[outcome],
        "failed": bool(result.failed),
        "complete": not result.without_result,
        "findings": [
            {
                "rule": finding.rule.model_dump(exclude_none=True),
                "metric": finding.metric,
                "dataset": finding.dataset,
                "candidate": finding.candidate,
                "result": finding.result,
                "role": finding.role,
                "saw": finding.saw,
            }
            for finding in result.findings
        ],
        "missing": missing,
    }


def outcome_of(content: Mapping[str, Any]) -> GateOutcome:
    """The outcome in what gate_as_json() gives."""
    findings = tuple(GateFinding(**finding) for finding in content["findings"])
    return GateOutcome(content["outcome"], content["exit_code"], findings, tuple(content["missing"]))


def lacking(comparison: Comparison, gate: GateResult | None) -> list[str]:
    """Everything that was asked for and has no result, one line each."""
    missing = list(comparison.missing)
    if gate is not None:
        missing += [f"gate has no result: {finding.text}" for finding in gate.without_result]
    return list(dict.fromkeys(missing))


def require_passed(comparison: Comparison, gate: GateResult | None) -> None:
    """Raise CheckError where a blocking rule is violated, else IncompleteError where something has no result."""
    if gate is not None and gate.failed:
        raise CheckError(f"gate failed: {'; '.join(finding.text for finding in gate.failed)}")
    missing = lacking(comparison, gate)
    if missing:
        raise IncompleteError(f"incomplete: {'; '.join(missing)}")
