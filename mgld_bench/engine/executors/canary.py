"""A small fixed computation whose digest shows whether two devices of one model give the same numbers."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.schema.tables import CanaryRow
from mgld_bench.engine.store import Store


def canary_digest(device: str) -> str:
    """The digest of a fixed computation on a torch device: products, convolutions, attention and resampling in float32."""
    import torch
    from torch.nn import functional

    generator = torch.Generator().manual_seed(20240719)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator).to(device)

    with torch.no_grad():
        image = draw(1, 16, 48, 64)
        features = functional.conv2d(image, draw(32, 16, 3, 3), padding=1)
        features = functional.group_norm(functional.silu(features), 8)
        enlarged = functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
        tokens = features.flatten(2).transpose(1, 2)[:, :512]
        attended = functional.scaled_dot_product_attention(tokens, tokens, tokens)
        product = attended[0] @ draw(32, 96)
        parts = [part.float().cpu().numpy().tobytes() for part in (features, enlarged, attended, product)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def canary_kind(device: str) -> str:
    """Devices of one kind are expected to give one digest: the model, and the version of PyTorch."""
    import torch

    from mgld_bench.methods.compute import processor_name

    model = torch.cuda.get_device_name(torch.device(device)) if device.startswith("cuda") else processor_name()
    threads = "" if device.startswith("cuda") else f", {torch.get_num_threads()} threads"
    return f"{model}, torch {torch.__version__}{threads}"


def check_canary(store: Store, device: str, host: str) -> str:
    """What is different of this device, in one line; "" where nothing is. The first device of a kind sets the digest."""
    kind, digest = canary_kind(device), canary_digest(device)

    def settle(session: OrmSession) -> tuple[str, str]:
        row = session.scalars(select(CanaryRow).where(CanaryRow.kind == kind)).first()
        if row is None:
            row = CanaryRow(kind=kind, digest=digest, host=host)
            session.add(row)
            session.flush()
        return row.digest, row.host

    expected, where = store.transact(settle)
    if digest == expected:
        return ""
    return (
        f"{kind}: a fixed computation gives other numbers here than on {where} ({digest[:12]} and {expected[:12]}): look at "
        "drivers, clocks and memory errors; scores from here may differ"
    )
