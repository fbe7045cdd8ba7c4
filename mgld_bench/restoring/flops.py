"""Floating-point operations of a run, counted by PyTorch from the shapes that occur in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import torch
from torch.utils.flop_counter import FlopCounterMode

COUNTED: Final = (
    "2 per multiply-add of convolutions (deformable ones too), matrix products and attention; "
    "sampling, FFT, normalisations and element-wise operations are not counted"
)


def count_flops(run: Callable[[], None]) -> int:
    """The floating-point operations of ``run()``, as COUNTED says; what it does in threads of its own is not seen.

    The count follows from shapes alone: it is the same on every device and in every precision, unless the run itself decides by
    values how much it does.
    """
    # Makes torch.ops.torchvision.deform_conv2d known; here, since it takes seconds.
    import torchvision.ops  # noqa: F401

    operators = torch.ops.aten
    counter = FlopCounterMode(
        display=False,
        custom_mapping={
            torch.ops.torchvision.deform_conv2d: deform_conv2d_flops,
            # PyTorch's own table has the attention of GPUs only.
            operators._scaled_dot_product_flash_attention_for_cpu: attention_flops,
            operators._scaled_dot_product_attention_math_for_mps: attention_flops,
        },
    )
    with _attention_in_parts(), counter:
        run()
    return counter.get_total_flops()


def deform_conv2d_flops(picture: Sequence[int], weight: Sequence[int], *others: object, out_shape: Sequence[int]) -> int:
    """Of a deformable convolution, from the shapes of its input, its weight (out, in / groups, kernel) and its output.

    That of the convolution once the input is sampled; bilinear sampling and modulation by the mask are not counted.
    """
    return 2 * math.prod(out_shape) * math.prod(weight[1:])


def attention_flops(
    query: Sequence[int],
    key: Sequence[int],
    value: Sequence[int],
    *others: object,
    attn_mask: object = None,
    scale: object = None,
    out_shape: object = None,
) -> int:
    """Of scaled dot-product attention, from shapes (batch, heads, tokens, channels): scores, and values weighted by them."""
    batch, heads, queries, channels = query
    return 2 * batch * heads * queries * key[2] * (channels + value[3])


@contextmanager
def _attention_in_parts() -> Iterator[None]:
    """torch.nn.MultiheadAttention without its fused operator, for which there is no formula."""
    fused = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
