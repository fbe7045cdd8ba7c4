"""The budget of memory, and work that is done again in smaller parts."""

from __future__ import annotations

import psutil
import pytest
import torch

from mgld_bench.memory import free_memory, in_smaller_parts, memory_budget, memory_budget_now, over_budget, total_memory


def test_the_budget_is_what_is_allowed_or_half_of_the_device_however_busy_it_is() -> None:
    assert memory_budget("cpu", max_memory=5) == 5
    assert memory_budget("cpu") == memory_budget("mps") == psutil.virtual_memory().total // 2
    assert memory_budget_now("cpu") <= memory_budget("cpu")
    assert memory_budget_now("cpu") == pytest.approx(psutil.virtual_memory().available / 2, rel=0.2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_budget_of_a_gpu() -> None:
    assert 0 < free_memory("cuda:0") <= total_memory("cuda") == 2 * memory_budget("cuda") + total_memory("cuda") % 2


def test_an_error_for_what_does_not_fit() -> None:
    assert str(over_budget("clip 000: one frame of 320 x 180", 2_600_000, 1_000_000, "set the option tile")) == (
        "clip 000: one frame of 320 x 180 takes about 3 MB, 1 MB are allowed; "
        "allow more memory with --max-memory, or set the option tile"
    )


def test_work_that_does_not_fit_is_halved_until_it_does() -> None:
    sizes: list[int] = []

    def work(size: int) -> int:
        if size > 2:
            torch.empty(2**60, dtype=torch.uint8)
        return size

    assert in_smaller_parts(work, 10, sizes.append) == 2
    assert sizes == [5, 2]


@pytest.mark.parametrize("error", [MemoryError(), ValueError("shapes do not fit")])
def test_a_failure_in_the_smallest_part_or_of_another_kind_is_raised(error: Exception) -> None:
    sizes: list[int] = []

    def work(size: int) -> None:
        raise error

    with pytest.raises(type(error)):
        in_smaller_parts(work, 4, sizes.append)
    assert sizes == ([2, 1] if isinstance(error, MemoryError) else [])
