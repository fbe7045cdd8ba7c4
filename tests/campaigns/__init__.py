"""Campaigns: many random kills, injected errors and mutated inputs. A few of each in the suite, all of them by `tox -e campaigns`."""
