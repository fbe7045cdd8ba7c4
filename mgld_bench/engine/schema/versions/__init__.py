"""Migrations of the results database, the earliest first. One that was released is never changed."""
