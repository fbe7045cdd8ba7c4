"""What the page plays: videos of every side of a clip (LR, methods, GT), and small pictures that stand for them.

For use from outside:

- `encode_videos`, `VideoSet` (`write`): encode what is missing, and put everything into a report's folder
- `VideoWish`, `VideoChoice`, `CHOICES`, `DEFAULT_CHOICE`, `DEFAULT_LIMIT` (`wanted`): what can be asked for
- `parse_size` (`budget`): a limit as text
"""
