"""Runs, units, scores and measured costs: what databases held before they had a version. These have all or some of it already.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what is not there."""
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("started_at", sa.String, nullable=False),
        sa.Column("report", sa.String, nullable=False),
        sa.Column("provenance", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "units",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("dataset", sa.String, nullable=False),
        sa.Column("clip", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("metric", sa.String, nullable=False),
        sa.Column("protocol", sa.String, nullable=False),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id"), nullable=False),
        sa.Column("finished_at", sa.String, nullable=False),
        sa.Column("frames", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_units_kind", "units", ["kind"], if_not_exists=True)
    op.create_table(
        "clip_scores",
        sa.Column("unit", sa.String, sa.ForeignKey("units.key"), primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "frame_scores",
        sa.Column("unit", sa.String, sa.ForeignKey("units.key"), primary_key=True),
        sa.Column("frame", sa.Integer, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("method", sa.String, nullable=False),
        sa.Column("measured_at", sa.String, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_profiles_identity", "profiles", ["identity"], if_not_exists=True)
