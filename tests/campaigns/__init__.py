"""Campaigns: many random kills, injected errors, mutated inputs. A few of each in the suite, all by `tox -e campaigns`."""
