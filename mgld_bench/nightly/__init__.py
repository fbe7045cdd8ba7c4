"""Nightly runs: a checkpoint is run on a suite, compared with the accepted night, and accepted, rejected or called incomplete.

For use from outside:

- `run_night`, `NightRequest`, `NightResult` (`night`): one night, from the checkpoint to the verdict
- `Night`, `nights`, `accept` (`history`): what is known of all of them
- `plan_retention`, `free` (`retention`): which frames are kept
- `publish`, `refresh` (`publish`): a night's page, the index of all nights, and messages
"""
