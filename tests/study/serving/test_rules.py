"""What the server of a study grants and refuses, to participants and to everybody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgld_bench.study.votes import GROUND_TRUTH
from tests.helpers.small_study import CLIPS, METHODS, SmallStudy, make_study
from tests.helpers.study_server import Answer, Person, Server, serving

LEFT_LEFT = ["left", "left"]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SmallStudy:
    return make_study(tmp_path_factory.mktemp("served") / "small", participants=12, expired=1, frames=2, pairs=1)


@pytest.fixture(scope="module")
def server(study: SmallStudy) -> Iterator[Server]:
    with serving(study.folder.path) as running:
        yield running


@pytest.fixture(scope="module")
def people(study: SmallStudy, server: Server) -> Iterator[Person]:
    return (Person(server.base, token) for token in study.tokens)


@pytest.fixture
def person(people: Iterator[Person]) -> Person:
    """One who has not been there before."""
    return next(people)


def raw(server: Server, request: bytes) -> bytes:
    """The answer to bytes that need not be HTTP."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_whole_session_shows_nothing_by_which_methods_can_be_told(study: SmallStudy, person: Person) -> None:
    """All that goes over the wire, but for the frames: no name of a method, clip or kind, no size, time or type of a file."""
    answers = [person.ask("GET", ""), person.ask("GET", "state")]
    answers += [person.ask("GET", f"../../static/{name}") for name in ("main.js", "player.js", "clock.js", "study.css")]
    assert [answer.status for answer in answers] == [200] * 6
    person.begin()
    for position in range(4):
        videos = {side: person.ask("GET", f"trial/{position}/{side}") for side in ("left", "right", "low-resolution")}
        assert alike(videos["left"]) == alike(videos["right"])
        assert videos["left"].body != videos["right"].body
        assert {answer.headers["content-type"] for answer in videos.values()} == {"video/webm"}
        answers += [*videos.values(), person.answer(position, ["tie", "right"])]
        assert answers[-1].status == 200
    assert answers[-1].json["stage"] == "finished"
    sent = b"\n".join(repr(answer.headers).encode() + answer.body for answer in answers).lower()
    clips = [name for clip in CLIPS for name in clip if name != "demo"]
    hidden = [*METHODS, GROUND_TRUTH, *clips, "trap", '"repeat"', str(study.folder.path)]
    assert [name for name in hidden if name.lower().encode() in sent] == []
    kept = [(vote.trial.position, vote.question, vote.answer) for vote in study.store().votes() if vote.participant == "1"]
    assert kept == [
        (position, question, answer) for position in range(4) for question, answer in (("overall", "tie"), ("stability", "right"))
    ]


def alike(video: Answer) -> tuple[int, dict[str, str], int]:
    """What may not differ between two videos."""
    return video.status, {name: value for name, value in video.headers.items() if name != "date"}, len(video.body)


def test_every_answer_has_the_headers_that_browsers_obey(server: Server, person: Person) -> None:
    nobody = Person(server.base, "x" * 43)
    for answer in (person.ask("GET", ""), person.ask("GET", "state"), nobody.ask("GET", ""), nobody.ask("POST", "../../nowhere")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers
    cookie = person.ask("GET", "state", headers={"Cookie": ""}).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = person.ask("GET", "").body
    assert b"<script>" not in page
    assert b"style=" not in page
    assert b"sharper &lt;i&gt;to you&lt;/i&gt;?" in page


def test_only_the_videos_of_this_pair_and_the_next_are_there(person: Person) -> None:
    assert person.ask("GET", "trial/0/left").status == 404
    person.begin()
    assert [person.ask("GET", f"trial/{position}/left").status for position in range(5)] == [200, 200, 404, 404, 404]
    person.watch(0)
    assert person.answer(0, LEFT_LEFT).status == 200
    assert [person.ask("GET", f"trial/{position}/left").status for position in range(4)] == [404, 200, 200, 404]


def test_a_part_and_the_head_of_a_video(person: Person) -> None:
    person.begin()
    whole = person.ask("GET", "trial/0/left")
    head = person.ask("HEAD", "trial/0/left")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(whole.body)))
    part = person.ask("GET", "trial/0/left", headers={"Range": "bytes=10-19"})
    assert (part.status, part.body) == (206, whole.body[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.body)}"
    assert person.ask("GET", "trial/0/left", headers={"Range": "bytes=99999999-"}).status == 416
    assert person.ask("HEAD", "").status == 200


@pytest.mark.parametrize(
    "address",
    [
        "trial/0/..%2f..%2fstudy.json",
        "trial/0/0-bicubic.webm",
        "trial/0/ground-truth",
        "trial/-1/left",
        f"trial/{'9' * 5000}/left",
        "trial/0%00/left",
        "trial/%D9%A0/left",
        "../../static/..%2fapp.py",
        "../../static/%2e%2e/app.py",
        "../../videos/0-bicubic.webm",
        "../../../etc/passwd",
        "../../votes.sqlite",
        "trial/0'%20OR%201=1--/left",
    ],
)
def test_no_path_leads_elsewhere(server: Server, study: SmallStudy, address: str) -> None:
    """Sent as it is, which no browser would do."""
    line = f"GET /s/{study.tokens[-2]}/{address} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert raw(server, line.encode("latin-1")).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("link", ["x" * 43, "' OR 1=1 --", "%27%20OR%201%3D1", "", "..", "a" * 5000, "<script>alert(1)</script>"])
def test_a_forged_link_opens_nothing_and_is_not_repeated(server: Server, link: str) -> None:
    answer = raw(server, f"GET /s/{link}/state HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert b"script>alert" not in answer


def test_votes_for_other_pairs_and_votes_again_are_refused(study: SmallStudy, person: Person) -> None:
    assert person.answer(0, LEFT_LEFT).status == 403  # It has not opened the page.
    person.state()
    assert person.answer(0, LEFT_LEFT).json["error"] == "not-now"  # It has not agreed.
    person.begin()
    assert person.answer(0, LEFT_LEFT).json["error"] == "not-watched"
    person.watch(0)
    person.watch(1)
    assert person.answer(1, LEFT_LEFT).json["error"] == "not-now"
    assert person.answer(7, LEFT_LEFT).json["error"] == "not-now"
    assert person.answer(0, LEFT_LEFT).status == 200
    again = person.answer(0, ["right", "right"])
    assert (again.status, again.json["error"]) == (409, "answered")
    number = study.tokens.index(person.path.rsplit("/", 1)[1]) + 1
    mine = [vote.answer for vote in study.store().votes() if vote.participant == str(number)]
    assert mine == LEFT_LEFT


def test_a_vote_cannot_come_before_the_videos_are_over(tmp_path: Path) -> None:
    """300 frames at 10 per second; so the server says that it is too soon, and when to try again."""
    study = make_study(tmp_path / "long", participants=1, frames=2, pairs=1)
    longer = study.study.model_copy(
        update={"clips": tuple(clip.model_copy(update={"frames": 300}) for clip in study.study.clips)}
    )
    study.folder.description.write_text(longer.model_dump_json(), encoding="utf-8")
    with serving(study.folder.path) as server:
        person = Person(server.base, study.tokens[0])
        person.begin()
        person.watch(0)
        soon = person.ask("POST", "trial/0/answer", {"answers": LEFT_LEFT, "seconds": 31, "plays": 1})
        assert (soon.status, soon.json["error"]) == (425, "too-soon")
        assert 20 < int(soon.headers["retry-after"]) < 30
        assert person.answer(0, LEFT_LEFT, seconds=1).status == 422
    assert study.store().votes() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"null",
        b"\xff\xfe",
        b"[" * 10_000,
        {"answers": ["left"], "seconds": 9, "plays": 1},
        {"answers": ["left", "' OR 1=1 --"], "seconds": 9, "plays": 1},
        {"answers": LEFT_LEFT, "seconds": 9, "plays": 0},
        {"answers": LEFT_LEFT, "seconds": -1, "plays": 1},
        b'{"answers": ["left", "left"], "seconds": NaN, "plays": 1}',
        {"answers": LEFT_LEFT, "seconds": 9, "plays": 1, "participant": 2},
    ],
    ids=range(11),
)
def test_what_no_page_sends_is_refused(study: SmallStudy, server: Server, body: object) -> None:
    person = Person(server.base, study.tokens[-2])
    person.begin()
    person.watch(0)
    assert person.ask("POST", "trial/0/answer", body).status == 422
    assert person.state()["answered"] == 0


def test_a_page_of_somebody_else_cannot_vote(study: SmallStudy, server: Server) -> None:
    person, other = (Person(server.base, token) for token in study.tokens[-4:-2])
    person.begin()
    person.watch(0)
    other.begin()
    vote = {"answers": LEFT_LEFT, "seconds": 9, "plays": 1}
    for headers in (
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"X-Study-Page": other.page},
        {"X-Study-Page": ""},
        {"Cookie": f"study={other.cookie}"},
        {"Cookie": ""},
    ):
        assert person.ask("POST", "trial/0/answer", vote, headers).status == 403, headers
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert person.ask("POST", "trial/0/answer", vote, {"Content-Type": kind}).status == 415
    assert person.state()["answered"] == 0
    assert any("http://evil.example" in line for line in server.lines)


def test_huge_and_slow_bodies(study: SmallStudy, server: Server) -> None:
    person = Person(server.base, study.tokens[-5])
    person.begin()
    assert person.ask("POST", "trial/0/answer", b" " * 20_000).status == 413
    head = (
        f"POST {person.path}/trial/0/answer HTTP/1.1\r\nHost: {person.host}\r\nOrigin: http://{person.host}\r\n"
        f"X-Study-Page: {person.page}\r\nCookie: study={person.cookie}\r\nContent-Type: application/json\r\n"
    )
    claimed = raw(server, f"{head}Content-Length: 99999999999\r\n\r\n".encode())
    assert claimed.startswith(b"HTTP/1.1 413 ")
    chunks = b"".join(b"1000\r\n" + b" " * 4096 + b"\r\n" for _ in range(8))
    assert raw(server, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks).startswith(b"HTTP/1.1 413 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        # Meanwhile others are answered.
        assert person.state()["stage"] == "trial"


@pytest.mark.slow
def test_a_body_that_does_not_come_is_not_waited_for(study: SmallStudy, server: Server) -> None:
    person = Person(server.base, study.tokens[-6])
    person.begin()
    head = (
        f"POST {person.path}/trial/0/answer HTTP/1.1\r\nHost: {person.host}\r\nOrigin: http://{person.host}\r\n"
        f"X-Study-Page: {person.page}\r\nCookie: study={person.cookie}\r\nContent-Type: application/json\r\n"
    )
    assert raw(server, f"{head}Content-Length: 100\r\n\r\n{{".encode()).startswith(b"HTTP/1.1 408 ")


@pytest.mark.slow
def test_a_connection_that_says_nothing_is_closed(server: Server) -> None:
    assert raw(server, b"") == b""
    assert raw(server, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        # A second request, whose head does not end.
        connection.sendall(b"GET / HTTP/1.1\r\n")
        while connection.recv(65536):
            pass


def test_an_expired_link(study: SmallStudy, server: Server) -> None:
    person = Person(server.base, study.tokens[-1])
    assert (person.ask("GET", "state").status, person.ask("GET", "state").json["error"]) == (410, "expired")
    page = person.ask("GET", "", headers={"Accept": "text/html"})
    assert (page.status, b"This link has expired" in page.body) == (410, True)
    assert b'href="../../static/study.css"' in page.body
    assert person.ask("GET", "trial/0/left").status == 410


def test_requests_without_end_are_slowed_down(study: SmallStudy, server: Server) -> None:
    person, other = (Person(server.base, token) for token in study.tokens[-8:-6])
    answers = [person.ask("GET", "trial/9/left") for _ in range(400)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1
    assert other.ask("GET", "state").status == 200
    stranger = Person(server.base, "y" * 43)
    assert 429 in [stranger.ask("GET", "").status for _ in range(200)]
    assert other.ask("GET", "state").status == 200
