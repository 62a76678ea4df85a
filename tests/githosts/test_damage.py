"""A cache that was damaged by hand or by a disk: it is made anew, and nobody notices."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from environments.core.ports import GitHostError
from environments.githosts.git import GitRepositories
from tests.githosts.repository import Repository


def _empty_all(folder: Path) -> None:
    for path in (folder / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "the whole cache is gone": lambda bare: shutil.rmtree(bare.parent.parent),
    "the repository is gone": lambda bare: shutil.rmtree(bare.parent),
    "an empty folder stands there": lambda bare: (shutil.rmtree(bare), bare.mkdir()),
    "HEAD is gone": lambda bare: (bare / "HEAD").unlink(),
    "the settings are spoilt": lambda bare: (bare / "config").write_text("[core"),
    "all objects are gone": lambda bare: shutil.rmtree(bare / "objects"),
    "all objects are empty": _empty_all,
    "all refs are gone": lambda bare: shutil.rmtree(bare / "refs"),
}


@pytest.fixture(params=DAMAGES.values(), ids=DAMAGES)
def damage(request: pytest.FixtureRequest) -> Callable[[Path], object]:
    found: Callable[[Path], object] = request.param
    return found


def bare(tmp_path: Path) -> Path:
    """The one repository in the cache."""
    (found,) = (tmp_path / "cache").glob("*/repository.git")
    return found


def test_everything_can_be_read_again(
    host: GitRepositories,
    repository: Repository,
    tmp_path: Path,
    damage: Callable[[Path], object],
) -> None:
    sha, url = repository.commit("First", file="one"), str(repository.folder)
    assert host.read_file(url, commit=sha, path="file") == b"one"
    damage(bare(tmp_path))
    assert host.read_file(url, commit=sha, path="file") == b"one"
    damage(bare(tmp_path))
    assert host.commit(url, sha).subject == "First"
    damage(bare(tmp_path))
    host.checkout(url, commit=sha, folder=tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "one"


def test_many_who_find_the_damage_at_once_all_read_on(
    host: GitRepositories,
    repository: Repository,
    tmp_path: Path,
    damage: Callable[[Path], object],
) -> None:
    sha, url = repository.commit("First", file="one"), str(repository.folder)
    host.commit(url, sha)
    damage(bare(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        read = pool.map(lambda _: host.read_file(url, commit=sha, path="file"), range(4))
        assert list(read) == [b"one"] * 4


def test_a_repository_that_is_out_of_reach_then_gives_an_error_and_no_answer(
    host: GitRepositories,
    repository: Repository,
    tmp_path: Path,
    damage: Callable[[Path], object],
) -> None:
    sha, url = repository.commit("First", file="one"), str(repository.folder)
    host.commit(url, sha)
    damage(bare(tmp_path))
    repository.folder.rename(tmp_path / "moved")
    with pytest.raises(GitHostError, match="no git repository"):
        host.read_file(url, commit=sha, path="file")
