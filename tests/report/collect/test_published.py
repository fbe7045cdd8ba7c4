"""A file of published values that is wrong is one line with file and line, and no value is dropped silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgld_bench.cards.schemas import Published
from mgld_bench.errors import InputError
from mgld_bench.report.collect.published import load_published
from mgld_bench.report.figures.inputs.votes import read_votes

HEADER = "table,dataset,method,metric,value\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("t,Tiny,Bicubic,PSNR,nan", ":2: value 'nan' is not a number that is finite"),
        ("t,Tiny,Bicubic,PSNR,-inf", ":2: value '-inf' is not a number that is finite"),
        ("t,Tiny,Bicubic,PSNR,1e400", "is not a number that is finite"),
        ("t,Tiny,Bicubic,PSNR,25,78", ":2: has more fields than there are columns"),
        ("t,Tiny,Bicubic,PSNR", ":2: value None is not a number"),
        (f"t,Tiny,Bicubic,PSNR,{'1' * 200_000}", "cannot be read: field larger than field limit"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    file = tmp_path / "published.csv"
    file.write_text(f"{HEADER}{line}\n")
    with pytest.raises(InputError) as caught:
        load_published(Published(file=str(file), table="t"))
    assert str(caught.value).startswith(str(file))
    assert reason in str(caught.value)


def test_votes_with_a_field_too_long(tmp_path: Path) -> None:
    file = tmp_path / "votes.csv"
    file.write_text(f"method_a,method_b,choice\none,{'o' * 200_000},a\n")
    with pytest.raises(InputError, match="votes cannot be read: field larger"):
        read_votes(file)
