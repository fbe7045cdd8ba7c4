"""Tables and bars of rich on a terminal on which no character of a name acts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from mgld_bench.cli.terminal import Stream
from mgld_bench.shown_text import visible


class TerminalConsole(Console):
    """A console of rich whose own control sequences work, and none that stands in a text."""

    @property
    def file(self) -> IO[str]:
        """Where it writes."""
        found = super().file
        return cast("IO[str]", _AsIs(found)) if isinstance(found, Stream) else found

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """See rich."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


class _AsIs:
    """The same stream for a console of rich, whose control sequences are its own."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.write = stream.write_as_is

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the stream has it
        return getattr(self._stream, name)
