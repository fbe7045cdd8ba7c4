"""Writes docs/reference/command-line.md from the program itself: `python docs/scripts/command_line.py`.

A test compares the file with what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from mgld_bench.cli import options
from mgld_bench.cli.main import app

TARGET = Path(__file__).resolve().parents[1] / "reference" / "command-line.md"
INTRODUCTION = """\
# Command line

`mgld-bench VERB …`. This page is generated from the program (`python docs/scripts/command_line.py`): it is what
`mgld-bench VERB --help` prints.

| exit code | meaning |
|---:|---|
| 0 | done |
| {failed} | a check or a gate failed |
| {wrong} | wrong use or bad input: one line with what, where, and what to do (`--debug` shows the traceback) |
| {incomplete} | incomplete: something that was asked for has no result; everything else is done and kept |
| {interrupted} | interrupted (Ctrl-C); what is finished is kept |
"""


def reference() -> str:
    """The whole page."""
    codes = {
        "failed": options.FAILED,
        "wrong": options.WRONG_USE,
        "incomplete": options.INCOMPLETE,
        "interrupted": options.INTERRUPTED,
    }
    parts = [INTRODUCTION.format(**codes)]
    parts += [_verb(name, command) for name, command in _verbs(typer.main.get_command(app))]
    return "\n".join(parts)


def _verbs(group: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    for part, command in group.commands.items():
        full = f"{name} {part}".strip()
        if hasattr(command, "commands"):
            yield from _verbs(command, full)
        else:
            yield full, command


def _verb(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    named = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
    usage = " ".join(["mgld-bench", name, *(_place(one) for one in arguments), *(["[OPTIONS]"] if named else [])])
    text, examples = _help(command.help)
    lines = [f"## {name}", "", text, "", "```", usage, "```", ""]
    if examples:
        lines += ["For example:", "", "```", *examples, "```", ""]
    if arguments:
        lines += ["| argument | |", "|---|---|", *(f"| `{_place(one)}` | {_cell(one.help)} |" for one in arguments), ""]
    if named:
        lines += ["| option | | default |", "|---|---|---|", *map(_option, named), ""]
    return "\n".join(lines)


def _help(text: str) -> tuple[str, list[str]]:
    """The text in Markdown, and its examples."""
    examples = re.findall(r"^Example: (.+)$", text, flags=re.MULTILINE)
    rest = re.sub(r"^Example: .+\n?", "", text, flags=re.MULTILINE)
    paragraphs = [" ".join(part.split()) for part in rest.strip().split("\n\n")]
    return "\n\n".join(_escaped(part) for part in paragraphs if part), examples


def _place(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()).strip("[]")
    return name if argument.required else f"[{name}]"


def _option(option: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    explanation, _, default = (option.help or "").partition("default: ")
    if not option.is_flag:
        names = f"{names} `{(option.metavar or option.name.upper()).strip('[]')}`"
    if not default and not option.is_flag and option.default not in (None, ""):
        default = f"`{option.default}`"
    explanation = explanation.rstrip().rstrip(";").rstrip(".")
    return f"| {names} | {_cell(explanation)}. | {_cell(default.rstrip('.'))} |"


def _cell(text: str | None) -> str:
    return _escaped(" ".join((text or "").split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    """As Markdown shows it: <b> and * stand for themselves, but not within backticks."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"([*<>\[\]])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
