"""The scoring pass: every clip is decoded once, for all metrics of all methods."""
