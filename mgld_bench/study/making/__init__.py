"""Making a study: its clips, its videos, its schedule, and what that design can show.

For use from outside:

- `plan_study`, `make_study`, `StudyRequest`, `PlannedStudy`, `NewStudy` (`new`): from a card and a workspace to a folder that can
  be served
- `invite` (`links`): links for more participants
- `Schedule` (`schedule`), `balance` (`balance`): who sees what
- `content_of` (`content`), `choose_spread` (`spread`): which clips
"""
