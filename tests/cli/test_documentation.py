"""Help and README name verbs, options and defaults as they are."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mgld_bench.cli.main import app
from mgld_bench.engine.metric_choice import NO_REFERENCE_METRICS, REFERENCE_METRICS
from mgld_bench.report.write import FORMATS

ROOT = Path(__file__).resolve().parents[2]
# The reference is generated from the program: tests/test_docs_site.py.
DOCUMENTS = (
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if path.name != "command-line.md"),
)
PROGRAM: Any = typer.main.get_command(app)


def verbs(group: Any = PROGRAM, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its name: "run", "weights list"."""
    for part, command in group.commands.items():
        full = f"{name} {part}".strip()
        if hasattr(command, "commands"):
            yield from verbs(command, full)
        else:
            yield full, command


VERBS = dict(verbs())


def parse(line: str) -> str:
    """The verb of a command line; fails where there is no such verb, argument or option, or where one is missing."""
    program, *words = shlex.split(line, comments=True)
    assert program == "mgld-bench"
    name = next((name for name in (" ".join(words[:2]), words[0] if words else "") if name in VERBS), None)
    assert name is not None, f"no such verb: {line}"
    VERBS[name].make_context(name, words[len(name.split()) :])
    return name


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_every_verb_has_an_example_that_parses(name: str) -> None:
    examples = re.findall(r"^Example: (.+)$", VERBS[name].help, flags=re.MULTILINE)
    assert examples, f"{name}: its help has no line 'Example: mgld-bench {name} …'"
    assert [parse(example) for example in examples] == [name] * len(examples)


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_every_option_states_its_default(name: str) -> None:
    """A value is printed by typer as [default: x]; where there is none, the text has to explain what happens then."""
    for parameter in VERBS[name].params:
        if parameter.param_type_name != "option" or parameter.is_flag or parameter.required:
            continue
        assert parameter.help, f"{name} {parameter.opts[0]}: no help"
        empty = parameter.default in ("", None)
        assert ("default: " in parameter.help) == empty, f"{name} {parameter.opts[0]}: {parameter.help}"
        assert parameter.show_default or empty


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_every_flag_and_argument_explains_it(name: str) -> None:
    for parameter in VERBS[name].params:
        assert parameter.help, f"{name} {parameter.name}: no help"


def test_defaults_that_the_help_states_in_words_are_those_of_the_code() -> None:
    stated = {
        (name, parameter.opts[0]): parameter.help.partition("default: ")[2]
        for name, command in VERBS.items()
        for parameter in command.params
        if "default: " in (parameter.help or "")
    }
    assert stated["report", "--format"] == f"{','.join(FORMATS)}."
    assert stated["score", "--metrics"] == f"{','.join(REFERENCE_METRICS)}, or {','.join(NO_REFERENCE_METRICS)} without --gt."


def commands(document: Path) -> list[str]:
    """The command lines of a document's code blocks."""
    lines = document.read_text().splitlines()
    return [match[1] for line in lines if (match := re.search(r"(?:^ {4}|^|&& |`)(mgld-bench [^`]+)", line))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_documents_parse(document: Path) -> None:
    for line in commands(document):
        parse(line)


def test_the_readme_shows_every_verb_and_no_others() -> None:
    shown = {parse(line).split()[0] for line in commands(ROOT / "README.md")}
    assert shown == set(PROGRAM.commands)
