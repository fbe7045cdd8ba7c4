"""Jobs, their queue of units, workers and canaries: runs that several processes share.

Revision ID: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, primary_key=True),
        *_texts("place", "workspace", "host", "machine", "report", "command", "started_at"),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        *_moments("seen"),
        sa.Column("closed", sa.Boolean, nullable=False),
    )
    op.create_index("ix_jobs_place", "jobs", ["place"])
    op.create_table(
        "queue",
        sa.Column("place", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("job", sa.Integer, sa.ForeignKey("jobs.id"), nullable=False),
        *_texts("kind", "dataset", "clip", "method", "metric", "device", "needs", "state", "worker", "token", "error"),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("frames", "position", "losses")),
        *_moments("lease", "started", "seconds", "changed"),
    )
    op.create_index("ix_queue_ready", "queue", ["state", "device", "position"])
    op.create_index("ix_queue_needs", "queue", ["place", "needs"])
    op.create_index("ix_queue_changed", "queue", ["place", "changed"])
    op.create_table(
        "workers",
        sa.Column("id", sa.String, primary_key=True),
        *_texts("host", "machine", "device", "executor", "doing", "ended"),
        sa.Column("pid", sa.Integer, nullable=False),
        *_moments("started", "seen"),
        sa.Column("notes", sa.JSON, nullable=False),
    )
    op.create_table("canaries", sa.Column("kind", sa.String, primary_key=True), *_texts("digest", "host"))


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _moments(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Float, nullable=False) for name in names]
