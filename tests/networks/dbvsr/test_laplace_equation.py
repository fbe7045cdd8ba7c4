"""The Laplace equation's solution, by the equation itself."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.dbvsr.laplace_equation import fill_harmonically


@settings(max_examples=20, deadline=None)
@given(st.integers(3, 24), st.integers(3, 40), st.integers(0, 1000))
def test_inside_each_pixel_is_the_mean_of_its_neighbours_and_the_border_stays(height: int, width: int, seed: int) -> None:
    planes = torch.rand(2, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    filled = fill_harmonically(planes)
    means = (filled[:, :-2, 1:-1] + filled[:, 2:, 1:-1] + filled[:, 1:-1, :-2] + filled[:, 1:-1, 2:]) / 4
    torch.testing.assert_close(filled[:, 1:-1, 1:-1], means, rtol=0, atol=1e-12)
    border = torch.ones(height, width, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    assert torch.equal(filled[:, border], planes[:, border])


def test_a_plane_is_its_own_solution() -> None:
    rows, columns = torch.meshgrid(torch.arange(20.0), torch.arange(500.0), indexing="ij")
    plane = (3 * rows - 0.5 * columns + 7).double()
    emptied = plane.clone()
    emptied[1:-1, 1:-1] = 0
    torch.testing.assert_close(fill_harmonically(emptied), plane, rtol=0, atol=1e-9)
