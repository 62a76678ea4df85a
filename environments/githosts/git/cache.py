"""One bare repository on this machine: keeps, for one URL, the commits that were asked for."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from environments.core.ports import Commit, GitHostRefused
from environments.githosts.git.lock import held
from environments.githosts.git.program import Call, GitProgram, GitProgramError

_LOOK_SECONDS = 30.0
_LINK = "120000"
_CANNOT_GIVE_ONE_COMMIT = ("unadvertised object", "dumb http", "does not support shallow")
_GONE = ("not our ref", "couldn't find remote ref", "bad object", "missing necessary objects")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit."""

    name: str
    object_id: str
    is_link: bool


class CachedRepository:
    """The cache of one URL in ``folder``. Raises ``GitProgramError`` and ``GitHostError``.

    Reading needs no lock; only ``fetch`` writes, one caller at a time.
    """

    def __init__(self, git: GitProgram, folder: Path, transfer_seconds: float) -> None:
        self._git = git
        self._folder = folder
        self._bare = folder / "repository.git"
        self._transfer_seconds = transfer_seconds

    def has(self, commit: str) -> bool:
        """Whether the commit was fetched whole: a ref is written only after all objects."""
        kept = self._bare / _kept(commit)
        return kept.exists()

    def fetch(self, commit: str, target: str, settings: Mapping[str, str], *, what: str) -> None:
        """Bring the commit here; where the host cannot give one alone, all branches and tags.

        Raises ``GitHostRefused`` where the repository does not have it. ``what`` names it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(self._folder / "lock", seconds=self._transfer_seconds) as lock:
            if self.has(commit):
                return
            self._make(lock)
            try:
                self._fetch(target, settings, lock, "--depth=1", f"+{commit}:{_kept(commit)}")
            except GitProgramError as failed:
                if any(text in failed.said for text in _GONE):
                    raise _no_such_commit(commit, what) from failed
                if not any(text in failed.said for text in _CANNOT_GIVE_ONE_COMMIT):
                    raise
                self._fetch_all(commit, target, settings, lock, what)

    def entry(self, commit: str, path: str) -> Entry | None:
        """The file of this path at the commit; None where there is none, or a folder."""
        printed = self._read("ls-tree", "-z", "--full-tree", commit, "--", path)
        for line in printed.split(b"\0"):
            head, _, name = line.decode("utf-8", "surrogateescape").partition("\t")
            mode, _, rest = head.partition(" ")
            kind, _, object_id = rest.partition(" ")
            if name == path and kind == "blob":
                return Entry(name, object_id, mode == _LINK)
        return None

    def size(self, entry: Entry) -> int:
        """Bytes of the file."""
        return int(self._read("cat-file", "-s", entry.object_id))

    def content(self, entry: Entry) -> bytes:
        """The file's bytes, as they were committed."""
        return self._read("cat-file", "blob", entry.object_id)

    def commit(self, sha: str) -> Commit:
        """Subject, author and time."""
        printed = self._read("log", "-1", "--no-show-signature", "--format=%s%x00%an%x00%ct", sha)
        subject, author, seconds = printed.decode("utf-8", "replace").rstrip("\n").split("\0")
        return Commit(sha, subject, author, int(seconds))

    def write_tree(self, commit: str, building: Path, lock: int) -> None:
        """Write the files of the commit into ``building/tree``; ``lock`` stays held meanwhile.

        Git itself refuses names such as ``.git`` and ``..`` and writes through no link. No
        filter or hook runs: they would need settings, and git has none.
        """
        tree = building / "tree"
        tree.mkdir(parents=True)
        self._git.run(
            Call(
                (*self._where(), f"--work-tree={tree}", "read-tree", "-u", "--reset", commit),
                self._transfer_seconds,
                variables={"GIT_INDEX_FILE": str(building / "index")},
                keeps_open=lock,
            )
        )

    def remove_if_damaged(self) -> None:
        """Where git finds the repository damaged it is gone then, for ``fetch`` to make anew."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with held(self._folder / "lock", seconds=self._transfer_seconds) as lock:
            arguments = (*self._where(), "fsck", "--no-dangling")
            try:
                self._git.run(Call(arguments, self._transfer_seconds, keeps_open=lock))
            except GitProgramError:
                shutil.rmtree(self._bare, ignore_errors=True)

    def _where(self) -> tuple[str, ...]:
        return (f"--git-dir={self._bare}",)

    def _read(self, *arguments: str) -> bytes:
        return self._git.run(Call((*self._where(), *arguments), _LOOK_SECONDS))

    def _make(self, lock: int) -> None:
        """The bare repository, if it is not there, and none of what a killed git left in it."""
        if self._is_repository():
            for left_over in (*self._bare.glob("*.lock"), *self._bare.glob("refs/**/*.lock")):
                left_over.unlink(missing_ok=True)
            for left_over in self._bare.glob("objects/pack/tmp_*"):
                left_over.unlink(missing_ok=True)
            return
        shutil.rmtree(self._bare, ignore_errors=True)
        arguments = ("init", "--quiet", "--bare", "--template=", "--", str(self._bare))
        self._git.run(Call(arguments, _LOOK_SECONDS, keeps_open=lock))

    def _is_repository(self) -> bool:
        try:
            return self._read("rev-parse", "--is-bare-repository") == b"true\n"
        except GitProgramError:
            return False

    def _fetch(self, target: str, settings: Mapping[str, str], lock: int, *what: str) -> None:
        options = [part for part in what if part.startswith("--")]
        refspecs = [part for part in what if not part.startswith("--")]
        self._git.run(
            Call(
                (
                    *self._where(),
                    "fetch",
                    "--quiet",
                    "--no-tags",
                    "--no-write-fetch-head",
                    "--no-recurse-submodules",
                    *options,
                    "--",
                    target,
                    *refspecs,
                ),
                self._transfer_seconds,
                settings,
                keeps_open=lock,
            )
        )

    def _fetch_all(
        self, commit: str, target: str, settings: Mapping[str, str], lock: int, what: str
    ) -> None:
        everything = ("+refs/heads/*:refs/all/heads/*", "+refs/tags/*:refs/all/tags/*")
        self._fetch(target, settings, lock, "--prune", *everything)
        try:
            self._read("cat-file", "-e", f"{commit}^{{commit}}")
        except GitProgramError as failed:
            raise _no_such_commit(commit, what) from failed
        self._read("update-ref", _kept(commit), commit)


def _kept(commit: str) -> str:
    """The ref that keeps a commit and says that it is complete."""
    return f"refs/kept/{commit}"


def _no_such_commit(commit: str, what: str) -> GitHostRefused:
    return GitHostRefused(
        f"The repository {what} does not have the commit {commit[:12]} (any more): its branch may "
        "have been force-pushed or deleted. Choose the branch again."
    )
