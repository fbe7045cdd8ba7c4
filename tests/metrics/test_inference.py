from __future__ import annotations

import numpy as np
import torch

from mgld_bench.metrics.inference import batches, chunk_tensor, network_bytes
from mgld_bench.metrics.metric import Chunk


def test_frames_become_one_tensor_per_device() -> None:
    frames = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)
    chunk, device = Chunk([3, 4], frames), torch.device("cpu")
    tensor = chunk_tensor(chunk, device)
    cropped = chunk_tensor(chunk, device, crop=1)
    assert tensor.data_ptr() == chunk_tensor(chunk, device).data_ptr() == cropped.untyped_storage().data_ptr()
    assert torch.equal(cropped, tensor[:, :, 1:3, 1:4])
    np.testing.assert_array_equal(tensor.numpy(), frames.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))
    assert batches(3, device) == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert batches(3, torch.device("cuda")) == [slice(0, 3)]


def test_the_bytes_of_a_network_are_those_of_its_tensors() -> None:
    assert network_bytes(torch.nn.Linear(3, 5)) == 4 * (3 * 5 + 5)
