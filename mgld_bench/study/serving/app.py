"""The addresses of the page and what answers there."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar, get_args
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from mgld_bench.errors import InputError
from mgld_bench.shown_text import visible_name
from mgld_bench.study.folder import Study, StudyFolder
from mgld_bench.study.serving.asked import Answers, Consent, browser_family
from mgld_bench.study.serving.bodies import read_body
from mgld_bench.study.serving.checks import media_type
from mgld_bench.study.serving.desk import Desk, Shown
from mgld_bench.study.serving.guard import Guard
from mgld_bench.study.serving.limits import RateLimit
from mgld_bench.study.serving.pages import Pages, static_files
from mgld_bench.study.serving.refusals import RefusedError, unknown_link
from mgld_bench.study.store import Participant, VoteStore

Result = TypeVar("Result")
COOKIE: Final = "study"
PAGE_HEADER: Final = "x-study-page"
_LINK: Final = re.compile(r"[A-Za-z0-9_-]{16,200}")
_READERS: Final = 4
_VIDEO_HEADERS: Final = {
    # One and the same for all videos: those that a server makes of a file's time and size would tell files apart.
    "etag": '"1"',
    "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
}


class StudySite:
    """One study as a web application."""

    def __init__(self, folder: StudyFolder, study: Study, store: VoteStore, root_path: str, log: Callable[[str], None]) -> None:
        """``root_path``: under which a reverse proxy passes requests on, if it does not cut it off; ``log``: takes one line."""
        self._study = study
        self._desk = Desk(folder, study, store, log)
        self._log = log
        self._pages = Pages(study)
        self._static = static_files()
        self._media_type = media_type(study)
        self._participants = RateLimit(burst=150, per_second=5)
        self._strangers = RateLimit(burst=60, per_second=2)
        # SQLite blocks the thread that uses it. One thread writes, so that nobody waits for the file's lock.
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="study-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="study-write")
        routes = [
            Route("/", self._front),
            Route("/static/{name}", self._file),
            Route("/s/{link}", self._to_page),
            Route("/s/{link}/", self._page),
            Route("/s/{link}/state", self._state),
            Route("/s/{link}/consent", self._consent, methods=["POST"]),
            Route("/s/{link}/trial/{position}/{shown}", self._video),
            Route("/s/{link}/trial/{position}/answer", self._answer, methods=["POST"]),
        ]
        # A router alone: what goes wrong in it is answered by the guard, in one way.
        self.app = Guard(Router(routes, redirect_slashes=False, default=_nothing_there), root_path, self._pages, log)

    def close(self) -> None:
        """Wait until what is being written is on disk."""
        self._writer.shutdown()
        self._readers.shutdown()

    async def _front(self, _request: Request) -> Response:
        return _html(self._pages.message("front", "/"))

    async def _file(self, request: Request) -> Response:
        found = self._static.get(request.path_params["name"])
        if found is None:
            raise unknown_link()
        return Response(found.content, media_type=found.media_type)

    async def _to_page(self, request: Request) -> Response:
        await self._participant(request)
        # Relative, so that it holds under a proxy's sub-path too.
        return Response(status_code=307, headers={"location": f"{request.path_params['link']}/"})

    async def _page(self, request: Request) -> Response:
        await self._participant(request)
        return _html(self._pages.study)

    async def _state(self, request: Request) -> Response:
        participant = await self._participant(request)
        await self._write(partial(self._desk.opened, participant))
        cookie = request.cookies.get(COOKIE, "")
        new = not _LINK.fullmatch(cookie)
        if new:
            cookie = secrets.token_urlsafe(24)
        response = await self._answer_with_state(request, participant, cookie)
        if new:
            # Without a path, a browser sends it to addresses below this link only, whatever a proxy puts in front.
            secure = request.url.scheme == "https"
            response.set_cookie(COOKIE, cookie, path=None, secure=secure, httponly=True, samesite="strict")
        return response

    async def _consent(self, request: Request) -> Response:
        participant = await self._participant(request, changes=True)
        asked = await read_body(request, Consent)
        browser = {"family": browser_family(request.headers.get("user-agent", "")), **asked.browser.model_dump(mode="json")}
        await self._write(partial(self._desk.consent, participant, browser))
        return await self._answer_with_state(request, participant)

    async def _video(self, request: Request) -> Response:
        participant = await self._participant(request)
        position = _position(request)
        shown: Shown | None = next((name for name in get_args(Shown) if name == request.path_params["shown"]), None)
        if shown is None:
            raise unknown_link()
        file = await self._read(partial(self._desk.video, participant, position, shown))
        if request.method == "GET":
            await self._write(partial(self._desk.fetched, participant, position, shown))
        return FileResponse(file, media_type=self._media_type, headers=_VIDEO_HEADERS)

    async def _answer(self, request: Request) -> Response:
        participant = await self._participant(request, changes=True)
        asked = await read_body(request, Answers)
        await self._write(partial(self._desk.answer, participant, _position(request), asked))
        return await self._answer_with_state(request, participant)

    async def _participant(self, request: Request, changes: bool = False) -> Participant:
        """Whose request this is; ``changes``: it has to come from the study's own page, opened by the participant."""
        link = request.path_params["link"]
        try:
            if not _LINK.fullmatch(link):
                raise unknown_link()
            participant = await self._read(partial(self._desk.participant, link))
        except RefusedError as refused:
            if refused.word == "unknown":
                self._strangers.take(request.client.host if request.client else "")
            else:
                self._participants.take(link)
            raise
        self._participants.take(str(participant.number))
        if changes:
            self._require_own_page(request, link)
        return participant

    def _require_own_page(self, request: Request, link: str) -> None:
        origin, host = request.headers.get("origin", ""), request.headers.get("host", "")
        if not host or _host_of(origin) != host:
            asked = visible_name(f"from a page of {origin[:100] or 'nowhere'} to {host[:100]}")
            self._log(f"refused: a request {asked}; a reverse proxy has to pass Host on as it is")
            raise RefusedError(403, "foreign", "This request does not come from the study's own page.")
        given = request.headers.get(PAGE_HEADER, "")
        if not hmac.compare_digest(given.encode(), _page_code(link, request.cookies.get(COOKIE, "")).encode()):
            raise RefusedError(403, "forged", "Not from a page that you have opened: allow cookies, and reload it.")

    async def _answer_with_state(self, request: Request, participant: Participant, cookie: str | None = None) -> Response:
        """Where the participant stands now, with what its page has to send back."""
        link = request.path_params["link"]
        fresh = await self._read(partial(self._desk.participant, link))
        standing = await self._read(partial(self._desk.standing, fresh))
        code = _page_code(link, request.cookies[COOKIE] if cookie is None else cookie)
        return JSONResponse({**standing.model_dump(mode="json"), "page": code})

    async def _read(self, call: Callable[[], Result]) -> Result:
        return await self._on(self._readers, call)

    async def _write(self, call: Callable[[], Result]) -> Result:
        return await self._on(self._writer, call)

    async def _on(self, threads: ThreadPoolExecutor, call: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(threads, call)
        except InputError as error:
            self._log(f"a request failed: {error}")
            raise RefusedError(503, "unavailable", "The study cannot be reached for a moment.", wait=2.0) from error


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        # What stands in brackets is no address: no browser sends that.
        return ""


def _page_code(link: str, cookie: str) -> str:
    """What a page sends back with what it changes: only who has the link and this browser's cookie can know it."""
    return hmac.new(link.encode(), cookie.encode(), hashlib.sha256).hexdigest()


def _position(request: Request) -> int:
    text = request.path_params["position"]
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise unknown_link()
    return int(text)


async def _nothing_there(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise unknown_link()


def _html(content: bytes) -> Response:
    return Response(content, media_type="text/html")
