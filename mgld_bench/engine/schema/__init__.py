"""The form of the results database: its tables, their version, and the migrations from earlier versions.

- `tables`: the tables as this release uses them
- `upgrade`: from whatever version a database has to this release's
- `versions`: one migration per version, run by Alembic
"""
