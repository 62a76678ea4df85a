"""Reads repositories through a cache on this machine: one bare repository for each URL."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from environments.core.ports import LARGEST_FILE, Commit, GitHostRefused, Refs, checked_path
from environments.githosts.git.address import (
    Address,
    Resolve,
    ask_resolver,
    read_address,
    resolved,
    shown,
    with_host,
)
from environments.githosts.git.advertised import read_refs
from environments.githosts.git.cache import CachedRepository
from environments.githosts.git.lock import held, write_into
from environments.githosts.git.program import (
    COMMIT,
    Call,
    GitProgram,
    GitProgramError,
    explained,
    ssh_to,
)

Outcome = TypeVar("Outcome")


class GitRepositories:
    """Fulfils ``core.ports.GitHost`` for any URL, and for paths where they are allowed.

    ``cache``: a folder of this class alone; several processes may share it. ``local_allowed``:
    whether repositories on this machine may be read. ``answer_seconds`` limits a question
    (refs), ``transfer_seconds`` the fetch or the checkout of one commit. ``variables``: what
    git gets in its environment besides its own, such as a proxy or an SSH agent.
    """

    def __init__(
        self,
        cache: Path,
        *,
        local_allowed: bool = False,
        answer_seconds: float = 30.0,
        transfer_seconds: float = 600.0,
        variables: Mapping[str, str] | None = None,
        resolve: Resolve = ask_resolver,
    ) -> None:
        self._cache = cache.resolve()
        self._home = self._cache / "home"
        self._local_allowed = local_allowed
        self._answer_seconds = answer_seconds
        self._transfer_seconds = transfer_seconds
        self._resolve = resolve
        self._git = GitProgram(
            self._home, local_allowed=local_allowed, variables=dict(variables or {})
        )

    def refs(self, url: str) -> Refs:
        """Branches, tags and default branch as the host has them now; never from the cache."""
        address = self._address(url)
        with self._told(url):
            target, settings = self._reached(address)
            patterns = ("HEAD", "refs/heads/*", "refs/tags/*")
            arguments = ("ls-remote", "--symref", "--quiet", "--", target, *patterns)
            printed = self._git.run(Call(arguments, self._answer_seconds, settings))
            return read_refs(printed, shown(url))

    def read_file(self, url: str, *, commit: str, path: str) -> bytes | None:
        """The file's content at the commit, or None where the commit has no such file.

        A symbolic link and a file over 5 MiB are refused.
        """
        name = checked_path(path)

        def read(repository: CachedRepository) -> bytes | None:
            entry = repository.entry(commit, name)
            if entry is None:
                return None
            if entry.is_link:
                raise GitHostRefused(
                    f"{name} of the repository {shown(url)} is a symbolic link. "
                    "Name the file that it leads to."
                )
            if repository.size(entry) > LARGEST_FILE:
                raise GitHostRefused(
                    f"{name} of the repository {shown(url)} is larger than "
                    f"{LARGEST_FILE // 1024**2} MiB. Make it smaller."
                )
            return repository.content(entry)

        return self._from_cache(url, commit, read)

    def commit(self, url: str, sha: str) -> Commit:
        """Subject, author and time of one commit."""
        return self._from_cache(url, sha, lambda repository: repository.commit(sha))

    def checkout(self, url: str, *, commit: str, folder: Path) -> None:
        """Make ``folder`` hold the files of ``commit``, without git's own, all at once.

        Nothing happens if it was made so before, whatever has been written into it since.
        Made at another commit, it is replaced. A folder that this method did not make is
        refused. Submodules stay empty folders. Beside the folder, ``.NAME.checkout`` remembers
        the commit.
        """
        place = folder.absolute()
        note = place.with_name(f".{place.name}.checkout")

        def write(repository: CachedRepository) -> None:
            place.parent.mkdir(parents=True, exist_ok=True)
            with held(note, seconds=self._transfer_seconds) as lock:
                made_at = note.read_text()
                if place.exists() and made_at == commit:
                    return
                if place.exists() and not made_at:
                    raise GitHostRefused(
                        f"The folder {place} is there already and is no checkout. Move it away."
                    )
                building = place.with_name(f".{place.name}.building")
                _remove(building)
                repository.write_tree(commit, building, lock)
                if place.exists():
                    place.rename(building / "replaced")
                # Between these lines there is no folder: a note can never praise a wrong one.
                write_into(lock, commit)
                (building / "tree").rename(place)
                _remove(building)

        self._from_cache(url, commit, write)

    def _address(self, url: str) -> Address:
        return read_address(url, local_allowed=self._local_allowed)

    def _reached(self, address: Address) -> tuple[str, dict[str, str]]:
        """The URL for git, and settings that hold it to the IP addresses that were checked.

        Without them a name could lead elsewhere when git asks for it a moment later.
        """
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if address.is_local_path or self._local_allowed:
            return address.url, {}
        found = resolved(address, self._resolve)
        if address.is_number:
            return address.url, {}
        if address.scheme == "git":
            return with_host(address, found[0]), {}
        if address.scheme == "ssh":
            return address.url, {"core.sshCommand": ssh_to(address.key_name, found[0])}
        pin = f"{address.host}:{address.port}:{','.join(found)}"
        return address.url, {"http.curloptResolve": pin}

    def _from_cache(
        self, url: str, commit: str, read: Callable[[CachedRepository], Outcome]
    ) -> Outcome:
        """What ``read`` gives of the cached repository of the URL, which has the commit.

        A cache that was damaged, by hand or by a disk, is made anew and read once more.
        """
        address = self._address(url)
        if not COMMIT.fullmatch(commit):
            raise GitHostRefused(f"{commit[:50]!r} is not a commit of 40 hexadecimal digits.")
        name = hashlib.sha256(url.encode()).hexdigest()[:32]
        with self._told(url):
            self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
            repository = CachedRepository(self._git, self._cache / name, self._transfer_seconds)
            self._bring(repository, address, commit)
            with suppress(GitProgramError):
                return read(repository)
            repository.remove_if_damaged()
            self._bring(repository, address, commit)
            return read(repository)

    def _bring(self, repository: CachedRepository, address: Address, commit: str) -> None:
        if not repository.has(commit):
            target, settings = self._reached(address)
            repository.fetch(commit, target, settings, what=shown(address.url))

    @contextmanager
    def _told(self, url: str) -> Iterator[None]:
        """Every failure as a ``GitHostError`` that a person may read."""
        try:
            yield
        except GitProgramError as failed:
            raise explained(failed, shown(url)) from failed
        except OSError as error:
            raise GitHostRefused(
                f"The repository {shown(url)} cannot be kept on this machine: {error.strerror}. "
                "Look at the data folder and its disk."
            ) from error


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
