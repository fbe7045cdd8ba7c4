"""Fetching weight files from a server that behaves, and from one that does not."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.weights import download
from mgld_bench.weights.fetch import fetch
from mgld_bench.weights.locate import locate, weight_sha256
from tests.helpers.checkpoints import checkpoint
from tests.helpers.file_server import Redirect, Refusal, Served, Site, serving

CONTENT = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(300_000)
PAGE = b"\n <!DOCTYPE html><html><title>Virus scan warning</title></html>"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MGLD_BENCH_OFFLINE", raising=False)
    monkeypatch.setattr(download, "PAUSE", 0.01)
    return tmp_path / "home" / "weights"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as found:
        yield found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def weight(*addresses: str, content: bytes = CONTENT, file: str = "net.pth") -> WeightFile:
    return WeightFile(file=file, url=addresses, sha256=sha256(content))


def silent(_here: int, _total: int | None) -> None:
    """Nobody watches."""


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def hidden(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if "partial" in path.name}


def test_a_file_is_fetched_once(site: Site, home: Path) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT)), file="family/net.pth")
    steps: list[tuple[int, int | None]] = []
    assert fetch(wanted, lambda here, total: steps.append((here, total))) == home / "family" / "net.pth"
    assert locate(wanted).read_bytes() == CONTENT
    assert steps[0] == (0, len(CONTENT))
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert steps == sorted(steps)
    assert visible(home / "family") == {"net.pth"}
    assert hidden(home / "family") == set()
    assert fetch(wanted, silent) == home / "family" / "net.pth"
    assert len(site.asked) == 1


def test_a_download_goes_on_where_it_broke_off(site: Site) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT, stops=[100_000, 50_000, 70_000])))
    fetch(wanted, silent)
    assert locate(wanted).read_bytes() == CONTENT
    assert site.asked == [
        ("/net.pth", None, None),
        ("/net.pth", "bytes=100000-", '"one"'),
        ("/net.pth", "bytes=150000-", '"one"'),
        ("/net.pth", "bytes=220000-", '"one"'),
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(0, 100_000), max_size=6), ranges=st.booleans(), etag=st.booleans(), dated=st.booleans())
def test_what_arrives_is_the_file_or_nothing(
    site: Site, home: Path, stops: list[int], ranges: bool, etag: bool, dated: bool
) -> None:
    served = Served(
        CONTENT,
        stops=list(stops),
        ranges=ranges,
        etag='"one"' if etag else "",
        modified="Wed, 21 Oct 2015 07:28:00 GMT" if dated else "",
    )
    wanted = weight(site.put("net.pth", served))
    for _ in range(len(stops) + 1):
        try:
            fetch(wanted, silent)
        except InputError as error:
            assert "connection lost after" in str(error)
            assert not (home / "net.pth").exists()
    assert (home / "net.pth").read_bytes() == CONTENT
    (home / "net.pth").unlink()


def test_attempts_that_bring_nothing_are_bounded_and_what_is_here_is_kept(site: Site, home: Path) -> None:
    served = Served(CONTENT, stops=[100_000] + [0] * download.ATTEMPTS)
    wanted = weight(site.put("net.pth", served))
    with pytest.raises(InputError, match="connection lost after 100000 of 300000 bytes"):
        fetch(wanted, silent)
    assert len(site.asked) == download.ATTEMPTS + 1
    assert visible(home) == set()
    served.stops = []
    fetch(wanted, silent)
    assert site.ranges()[-1] == "bytes=100000-"


def test_a_server_that_ignores_ranges_starts_anew(site: Site) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT, stops=[100_000], ranges=False)))
    fetch(wanted, silent)
    assert locate(wanted).read_bytes() == CONTENT
    assert site.ranges() == [None, "bytes=100000-"]


@pytest.mark.parametrize("etag", ["", 'W/"weak"'])
def test_without_a_sure_version_it_starts_anew(site: Site, etag: str) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT, stops=[100_000], etag=etag)))
    fetch(wanted, silent)
    assert locate(wanted).read_bytes() == CONTENT
    assert site.ranges() == [None, None]


def test_the_date_of_the_last_change_is_a_version_too(site: Site) -> None:
    dated = "Wed, 21 Oct 2015 07:28:00 GMT"
    wanted = weight(site.put("net.pth", Served(CONTENT, stops=[100_000], etag="", modified=dated)))
    fetch(wanted, silent)
    assert site.asked[-1] == ("/net.pth", "bytes=100000-", dated)


def test_a_file_that_changes_between_two_attempts_is_never_mixed(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(OTHER, etag='"old"', stops=[100_000, 0, 0, 0, 0]))
    wanted = weight(address)
    with pytest.raises(InputError, match="connection lost"):
        fetch(wanted, silent)
    site.put("net.pth", Served(CONTENT, etag='"new"'))
    fetch(wanted, silent)
    assert site.asked[-1] == ("/net.pth", "bytes=100000-", '"old"')
    assert (home / "net.pth").read_bytes() == CONTENT


def left_over(home: Path, content: bytes, address: str) -> None:
    """What an earlier process left: a partial file with its note."""
    home.mkdir(parents=True)
    (home / ".net.pth.partial").write_bytes(content)
    (home / ".net.pth.partial.json").write_text(f'{{"address": "{address}", "validator": "\\"one\\""}}')


def test_a_partial_file_that_is_whole_is_only_checked(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(CONTENT))
    left_over(home, CONTENT, address)
    fetch(weight(address), silent)
    assert site.ranges() == [f"bytes={len(CONTENT)}-"]
    assert (home / "net.pth").read_bytes() == CONTENT


def test_a_partial_file_longer_than_the_file_is_thrown_away(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(CONTENT))
    left_over(home, CONTENT + b"more", address)
    fetch(weight(address), silent)
    assert site.ranges() == [f"bytes={len(CONTENT) + 4}-", None]
    assert (home / "net.pth").read_bytes() == CONTENT


def test_the_partial_file_of_another_address_is_not_gone_on_with(site: Site, home: Path) -> None:
    left_over(home, OTHER[:1000], site.put("other.pth", Served(OTHER)))
    fetch(weight(site.put("net.pth", Served(CONTENT))), silent)
    assert site.ranges() == [None]
    assert (home / "net.pth").read_bytes() == CONTENT


def test_wrong_bytes_are_refused_and_the_next_mirror_is_asked(site: Site, home: Path) -> None:
    good = site.put("good.pth", Served(CONTENT))
    wrong = site.put("wrong.pth", Served(OTHER))
    missing = f"{site.base}/missing.pth"
    fetch(weight(wrong, missing, good), silent)
    assert (home / "net.pth").read_bytes() == CONTENT
    (home / "net.pth").unlink()
    with pytest.raises(InputError) as caught:
        fetch(weight(wrong, missing), silent)
    message = str(caught.value)
    assert f"{wrong}: sent a different file: sha256 is {sha256(OTHER)}, but its card pins {sha256(CONTENT)}" in message
    assert f"{missing}: HTTP 404 Not Found" in message
    assert "\n" not in message
    assert visible(home) == hidden(home) == set()


def test_a_file_of_another_length_is_not_even_downloaded(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(CONTENT))
    steps: list[int] = []
    with pytest.raises(InputError, match="has 300000 bytes, but its card gives 5"):
        fetch(WeightFile(file="net.pth", url=(address,), size=5), lambda here, _total: steps.append(here))
    assert steps == []
    assert visible(home) == set()


@pytest.mark.parametrize("served", [Served(PAGE, kind="text/html; charset=utf-8"), Served(PAGE), Served(PAGE.lower())])
def test_a_web_page_is_not_taken_for_the_file(site: Site, home: Path, served: Served) -> None:
    address = site.put("net.pth", served)
    with pytest.raises(InputError, match="sent a web page instead of the file"):
        fetch(WeightFile(file="net.pth", url=(address,)), silent)
    assert visible(home) == set()
    # What came of the page is not kept to be continued.
    site.put("net.pth", Served(checkpoint()))
    assert fetch(WeightFile(file="net.pth", url=(address,)), silent).read_bytes() == checkpoint()


def test_redirects_are_followed_also_by_what_is_left(site: Site) -> None:
    site.put("content.pth", Served(CONTENT, stops=[100_000]))
    address = site.put("net.pth", Redirect("/again.pth"))
    site.put("again.pth", Redirect(f"{site.base}/content.pth"))
    wanted = weight(address)
    fetch(wanted, silent)
    assert locate(wanted).read_bytes() == CONTENT
    assert ("/content.pth", "bytes=100000-", '"one"') in site.asked


def test_nothing_leads_to_a_local_file(site: Site, tmp_path: Path, home: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(CONTENT)
    for address in (
        site.put("net.pth", Redirect(secret.as_uri())),
        secret.as_uri(),
        str(secret),
        site.put("ftp", Redirect("ftp://127.0.0.1/x")),
    ):
        with pytest.raises(InputError, match=r"Redirection to url|not an http|unknown url type"):
            fetch(weight(address), silent)
        assert visible(home) == set()
    round_about = site.put("round", Redirect("/round"))
    with pytest.raises(InputError, match="HTTP 302"):
        fetch(weight(round_about), silent)


def test_a_passing_refusal_is_tried_again_and_a_lasting_one_is_not(site: Site) -> None:
    wanted = weight(site.put("net.pth", Refusal(503, then=Served(CONTENT))))
    fetch(wanted, silent)
    assert len(site.asked) == 2
    lasting = weight(site.put("gone.pth", Refusal(403, times=9)), file="gone.pth")
    with pytest.raises(InputError, match="HTTP 403 Forbidden"):
        fetch(lasting, silent)
    assert len(site.asked) == 3


def test_a_silent_server_is_left_and_asked_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    short = CONTENT[:40_000]
    wanted = weight(site.put("net.pth", Served(short, pause=1.0)), content=short)
    assert fetch(wanted, silent).read_bytes() == short
    assert site.ranges() == [None, "bytes=16384-", "bytes=32768-"]
    with pytest.raises(InputError, match="timed out"):
        fetch(weight(site.put("mute.pth", Served(short, delay=1.0)), file="mute.pth"), silent)
    assert len(site.asked) == 3 + download.ATTEMPTS


def test_an_address_where_nobody_answers(home: Path) -> None:
    with serving() as gone:
        address = f"{gone.base}/net.pth"
    with pytest.raises(InputError, match=r"net\.pth: cannot be reached: Connection refused"):
        fetch(weight(address), silent)
    assert visible(home) == set()


def test_a_disk_without_room_is_said_before(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(CONTENT, claims=10**17))
    with pytest.raises(InputError, match=r"100000000000000000 more bytes are needed but \d+ are free; make room"):
        fetch(weight(address), silent)
    assert visible(home) == hidden(home) == set()


def test_a_file_without_a_length_needs_a_pin(site: Site) -> None:
    address = site.put("net.pth", Served(CONTENT, tells_length=False))
    with pytest.raises(InputError, match="does not announce the length of the file"):
        fetch(WeightFile(file="net.pth", url=(address,)), silent)
    assert fetch(weight(address), silent).read_bytes() == CONTENT


def test_an_empty_answer_is_no_file(site: Site) -> None:
    address = site.put("net.pth", Served(b""))
    with pytest.raises(InputError, match="sent an empty file"):
        fetch(WeightFile(file="net.pth", url=(address,)), silent)


def test_what_is_not_pinned_is_recorded_and_has_to_stay(site: Site, home: Path) -> None:
    address = site.put("net.pth", Served(CONTENT))
    wanted = WeightFile(file="net.pth", url=(address,), sha256_start=sha256(CONTENT)[:8])
    fetch(wanted, silent)
    assert (home / "net.pth.sha256").read_text().split() == [sha256(CONTENT), "net.pth"]
    # A file damaged later is fetched again, and has to be what it was.
    (home / "net.pth").write_bytes(b"damaged")
    assert fetch(wanted, silent).read_bytes() == CONTENT
    unpinned = WeightFile(file="net.pth", url=(site.put("net.pth", Served(checkpoint())),))
    (home / "net.pth").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"net\.pth\.sha256 \(delete it to accept this file\)"):
        fetch(unpinned, silent)
    (home / "net.pth.sha256").unlink()
    (home / "net.pth").unlink()
    fetch(unpinned, silent)
    assert weight_sha256(unpinned) == sha256(checkpoint())


@pytest.mark.parametrize("pinned", [False, True])
def test_the_second_mirror_must_give_what_the_first_gave(site: Site, home: Path, pinned: bool) -> None:
    first, second = site.put("first.pth", Served(checkpoint(1))), site.put("second.pth", Served(checkpoint(2)))
    digits = sha256(checkpoint(1))[:8] if pinned else ""
    fetch(WeightFile(file="net.pth", url=(first, second), sha256_start=digits), silent)
    (home / "net.pth").unlink()
    site.put("first.pth", Refusal(404))
    with pytest.raises(InputError, match="sent a different file"):
        fetch(WeightFile(file="net.pth", url=(first, second), sha256_start=digits), silent)
    site.put("second.pth", Served(checkpoint(1)))
    assert fetch(WeightFile(file="net.pth", url=(first, second), sha256_start=digits), silent).is_file()


def test_a_truncated_file_is_never_recorded(site: Site, home: Path) -> None:
    for older in (False, True):
        whole = checkpoint(older=older, elements=2000)
        wanted = WeightFile(file="net.pth", url=(site.put("net.pth", Served(whole[: len(whole) // 2])),))
        with pytest.raises(InputError, match=r"sent a different file: is a .*truncated"):
            fetch(wanted, silent)
        assert visible(home) == set()
        site.put("net.pth", Served(whole))
        fetch(wanted, silent)
        assert weight_sha256(wanted) == sha256(whole)
        (home / "net.pth").unlink()
        (home / "net.pth.sha256").unlink()


def test_a_wrong_file_is_replaced(site: Site, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "net.pth").write_bytes(b"half a file")
    assert fetch(weight(site.put("net.pth", Served(CONTENT))), silent).read_bytes() == CONTENT


def test_what_cannot_be_fetched_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"net\.pth is missing.*open the folder in a browser"):
        fetch(WeightFile(file="net.pth", obtain="open the folder in a browser"), silent)
    with pytest.raises(InputError, match="the package lpips carries it"):
        fetch(WeightFile(file="net.pth", package="lpips"), silent)
    with pytest.raises(InputError, match="its card gives its path"):
        fetch(WeightFile(file=str(tmp_path / "net.pth"), url=("http://127.0.0.1/x",)), silent)


def test_offline_takes_what_is_here_and_fetches_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(CONTENT)
    here, missing = (weight(site.put(name, served), file=name) for name in ("a.pth", "b.pth"))
    fetch(here, silent)
    monkeypatch.setenv("MGLD_BENCH_OFFLINE", "1")
    assert fetch(here, silent).read_bytes() == CONTENT
    with pytest.raises(InputError, match=r"b\.pth is missing.*not fetched, because --offline or MGLD_BENCH_OFFLINE is set"):
        fetch(missing, silent)
    assert [path for path, _, _ in site.asked] == ["/a.pth"]


def start(wanted: WeightFile) -> subprocess.Popen[str]:
    """A process that fetches ``wanted``."""
    code = (
        "import sys; from mgld_bench.cards.schemas import WeightFile; from mgld_bench.weights.fetch import fetch;"
        "print(fetch(WeightFile.model_validate_json(sys.argv[1]), lambda here, total: None))"
    )
    command = [sys.executable, "-c", code, wanted.model_dump_json()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(partial: Path, size: int) -> None:
    deadline = time.monotonic() + 30
    while not (partial.exists() and partial.stat().st_size >= size):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_is_killed_leaves_what_it_has(site: Site, home: Path, how: signal.Signals) -> None:
    served = Served(CONTENT, pause=0.2)
    wanted = weight(site.put("net.pth", served))
    process = start(wanted)
    partial = home / ".net.pth.partial"
    wait_for(partial, 60_000)
    process.send_signal(how)
    process.communicate(timeout=30)
    assert process.returncode not in (0, 2)
    assert visible(home) == set()
    here = partial.stat().st_size
    assert 0 < here < len(CONTENT)
    assert partial.read_bytes() == CONTENT[:here]
    served.pause = 0.0
    assert fetch(wanted, silent).read_bytes() == CONTENT
    assert site.ranges() == [None, f"bytes={here}-"]


def test_two_processes_fetch_one_file_once(site: Site, home: Path) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT, pause=0.1)))
    processes = [start(wanted) for _ in range(2)]
    for process in processes:
        output, complained = process.communicate(timeout=60)
        assert process.returncode == 0, complained
        assert output.strip() == str(home / "net.pth")
    assert len(site.asked) == 1
    assert (home / "net.pth").read_bytes() == CONTENT


def test_who_waits_for_another_process_sees_its_progress(site: Site, home: Path) -> None:
    wanted = weight(site.put("net.pth", Served(CONTENT, pause=0.15)))
    process = start(wanted)
    wait_for(home / ".net.pth.partial", 1)
    steps: list[int] = []
    assert fetch(wanted, lambda here, _total: steps.append(here)).read_bytes() == CONTENT
    process.communicate(timeout=30)
    assert any(0 < here < len(CONTENT) for here in steps)
    assert len(site.asked) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(site: Site, home: Path) -> None:
    home.mkdir(parents=True)
    home.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written"):
        fetch(weight(site.put("net.pth", Served(CONTENT))), silent)


def test_a_file_in_place_of_the_folder_is_named(site: Site, home: Path) -> None:
    home.parent.mkdir(parents=True)
    home.write_text("")
    with pytest.raises(InputError, match=r"weights.*cannot be written"):
        fetch(weight(site.put("net.pth", Served(CONTENT))), silent)
