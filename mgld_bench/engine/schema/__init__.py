"""The form of the results database: its tables, their version, and the migrations from earlier versions.

For use from outside:

- `RunRow`, `UnitRow`, `ClipScoreRow`, `FrameScoreRow`, `ProfileRow`, `NightRow`, `JobRow`, `TaskRow`, `WorkerRow`,
  `CanaryRow` (`tables`): the tables as this release uses them
- `upgrade`, `is_current`, `refuse_newer` (`upgrade`): from whatever version a database has to this release's

The migrations are in `versions/`, one per version; Alembic runs them.
"""
