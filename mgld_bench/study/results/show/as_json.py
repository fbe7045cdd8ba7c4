"""A study's result as plain data: what JSON and CSV hold, with all digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mgld_bench.statistics.vote_shares import VoteShare
from mgld_bench.study.results.conduct import Conduct
from mgld_bench.study.results.metric_agreement import MetricAgreement
from mgld_bench.study.results.question_result import MethodResult, PairResult, QuestionResult
from mgld_bench.study.results.result import StudyResult


def as_json(result: StudyResult) -> dict[str, Any]:
    """Everything; what is not known is null."""
    return {
        "study": result.name,
        "title": result.title,
        "preliminary": result.preliminary or None,
        "missing": list(result.missing),
        "notes": [*result.notes, *result.metric_notes],
        "questions": [_question(question) for question in result.questions],
        "participants": [_participant(each) for each in result.conduct],
        "rule": result.rule,
        "metrics": [_metric(each) for each in result.metrics],
    }


def method_rows(result: StudyResult) -> list[dict[str, Any]]:
    """A row per question and method, for CSV."""
    return [{"question": question.name, **_method(method)} for question in result.questions for method in question.methods]


def pair_rows(result: StudyResult) -> list[dict[str, Any]]:
    """A row per question and pair of methods, for CSV."""
    return [{"question": question.name, **_pair(pair)} for question in result.questions for pair in question.pairs]


def metric_rows(result: StudyResult) -> list[dict[str, Any]]:
    """A row per question and metric, for CSV."""
    return [_metric(each) for each in result.metrics]


def _participant(conduct: Conduct) -> dict[str, Any]:
    same, of = conduct.with_others
    return {
        "participant": conduct.participant,
        "pairs": conduct.pairs,
        "traps": conduct.traps,
        "wrong_traps": conduct.wrong_traps,
        "repeats": conduct.repeats,
        "changed": conduct.changed,
        "seconds_per_pair": conduct.seconds,
        "left": conduct.left,
        "right": conduct.right,
        "ties": conduct.ties,
        "as_most_others": same,
        "compared_with_others": of,
        "left_out": conduct.left_out or None,
    }


def _question(question: QuestionResult) -> dict[str, Any]:
    agreement = question.agreement
    return {
        "question": question.name,
        "text": question.text,
        "votes": question.votes,
        "participants": question.participants,
        "clips": question.clips,
        "methods": [_method(method) for method in question.methods],
        "pairs": [_pair(pair) for pair in question.pairs],
        "tie_parameter": question.tie,
        "intervals_over": question.over,
        "agreement": None if agreement is None else {**vars(agreement)},
    }


def _method(method: MethodResult) -> dict[str, Any]:
    low, high = method.interval or (None, None)
    return {
        "method": method.name,
        "strength": method.strength,
        "strength_low": low,
        "strength_high": high,
        "without_strength": method.missing,
        "group": method.group if method.group >= 0 else None,
        **_share(method.share),
        "rank_best": method.ranks[0],
        "rank_worst": method.ranks[1],
    }


def _pair(pair: PairResult) -> dict[str, Any]:
    return {
        "first": pair.first,
        "second": pair.second,
        **_share(pair.share),
        "p": pair.p,
        "p_holm": pair.p_holm,
        "verdict": pair.verdict,
    }


def _share(share: VoteShare | None) -> Mapping[str, Any]:
    low, high = (share.interval if share else None) or (None, None)
    return {
        "wins": share.wins if share else 0,
        "ties": share.ties if share else 0,
        "losses": share.losses if share else 0,
        "preference": share.share if share else None,
        "preference_low": low,
        "preference_high": high,
        "effective_votes": share.effective if share else None,
        "participants": share.participants if share else 0,
        "clips": share.clips if share else 0,
        "interval_over": share.over if share else None,
    }


def _metric(metric: MetricAgreement) -> dict[str, Any]:
    interval = metric.interval
    return {
        "question": metric.question,
        "metric": metric.metric,
        "protocol": metric.protocol or None,
        "direction": metric.direction,
        "clips": metric.clips,
        "clear_pairs": metric.clear,
        "agreed": metric.agreed,
        "tau": metric.tau,
        "tau_low": interval.low if interval else None,
        "tau_high": interval.high if interval else None,
        "tau_clips": metric.tau_clips,
    }
