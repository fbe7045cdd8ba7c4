"""What the server refuses, as a status of HTTP, a word for the page and a sentence for people."""

from __future__ import annotations


class RefusedError(Exception):
    """A request that is not granted. Its text never says more than whoever asked may know."""

    def __init__(self, status: int, word: str, text: str, wait: float | None = None) -> None:
        """``word``: by which the page decides what to do; ``wait``: seconds after which to ask again."""
        super().__init__(text)
        self.status = status
        self.word = word
        self.text = text
        self.wait = wait


def unknown_link() -> RefusedError:
    """Nobody has this link, or there is nothing at this address."""
    return RefusedError(404, "unknown", "This link is not known. Check that it was copied in full.")


def expired_link() -> RefusedError:
    """The link's time is over."""
    return RefusedError(410, "expired", "This link has expired: the study takes no more answers from it.")
