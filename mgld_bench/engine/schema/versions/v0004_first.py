"""Indexes that lead to a job's first ready unit, and to leases that have run out, also beside thousands of others.

Revision ID: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two indexes in the place of one."""
    op.drop_index("ix_queue_ready", "queue")
    op.create_index("ix_queue_first", "queue", ["job", "state", "device", "position"])
    op.create_index("ix_queue_lease", "queue", ["state", "lease"])
