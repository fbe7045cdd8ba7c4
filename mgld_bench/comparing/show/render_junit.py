"""A comparison, or a gate, as JUnit XML: a test suite per dataset, so that a CI server shows verdicts as it shows tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.gates.check import GateResult, Result
from mgld_bench.comparing.show.words import HOW_TESTED, difference_text
from mgld_bench.comparing.verdict import Word

Outcome = Literal["passed", "failed", "skipped", "error"]
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


_OUTCOMES: Final[Mapping[Word, Outcome]] = {
    "better": "passed",
    "equivalent": "passed",
    "worse": "failed",
    "cannot tell": "skipped",
}


_RESULTS: Final[Mapping[Result, Outcome]] = {"kept": "passed", "violated": "skipped", "open": "skipped", "no result": "error"}


@dataclass(frozen=True)
class Case:
    """One test case."""

    suite: str
    name: str
    outcome: Outcome
    message: str


def comparison_cases(comparison: Comparison) -> list[Case]:
    """Each line as a case: worse is a failure, "cannot tell" is skipped, and what is missing is an error."""
    cases = []
    for line in comparison.lines:
        outcome: Outcome = _OUTCOMES[line.verdict.word]
        difference = difference_text(line.paired.mean, line.paired.interval, line.metric.digits)
        message = f"{line.verdict.word}: {difference}; {line.verdict.because}"
        name = f"{line.metric.name}: {line.candidate} against {line.reference}"
        cases.append(Case(comparison.heading(line.dataset), name, outcome, message))
    return [*cases, *(Case("missing", text, "error", text) for text in comparison.missing)]


def gate_cases(result: GateResult) -> list[Case]:
    """Each finding as a case: a violated blocking rule is a failure, an advisory or open one is skipped, no result an error."""
    cases = []
    for finding in result.findings:
        outcome: Outcome = "failed" if finding.blocks else _RESULTS[finding.result]
        where = f" on {finding.dataset}" if finding.dataset else ""
        name = f"{finding.candidate}: {finding.metric}{where}: {finding.rule.text} ({finding.role})"
        cases.append(Case("gate", name, outcome, f"{finding.result}: {finding.saw}"))
    return cases


def render_junit(name: str, cases: Iterable[Case]) -> str:
    """The cases as JUnit XML."""
    by_suite: dict[str, list[Case]] = {}
    for case in cases:
        by_suite.setdefault(case.suite, []).append(case)
    every = [case for members in by_suite.values() for case in members]
    root = Element("testsuites", {"name": _clean(name), **_counts(every)})
    for suite, members in by_suite.items():
        element = SubElement(root, "testsuite", {"name": _clean(suite), **_counts(members)})
        for case in members:
            child = SubElement(element, "testcase", classname=_clean(suite), name=_clean(case.name), time="0")
            if case.outcome == "passed":
                SubElement(child, "system-out").text = _clean(case.message)
            else:
                tag = {"failed": "failure", "skipped": "skipped", "error": "error"}[case.outcome]
                SubElement(child, tag, message=_clean(case.message)).text = HOW_TESTED if tag == "failure" else None
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counts(cases: list[Case]) -> dict[str, str]:
    return {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failed" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
        "skipped": str(sum(case.outcome == "skipped" for case in cases)),
    }


def _clean(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("?", text)
