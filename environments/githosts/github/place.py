"""Where a GitHub is, and which of its repositories a URL names."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from environments.core.ports import GitHostRefused

PUBLIC = "https://github.com"
_NAME = r"[A-Za-z0-9_.-]+"
_REPOSITORY = re.compile(rf"/*({_NAME})/({_NAME}?)(\.git)?/*")
_LIKE_SCP = re.compile(r"(?:[^@/:]+@)?([^/:]+):(?!//)(.+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A GitHub, by the address of its pages: ``https://github.com``."""

    web: str

    @property
    def host(self) -> str:
        """With its port, where it has one."""
        return urlsplit(self.web).netloc

    @property
    def name(self) -> str:
        """As a person says it."""
        return "GitHub" if self.web == PUBLIC else f"GitHub at {self.host}"

    @property
    def api(self) -> str:
        """Where its API is."""
        return "https://api.github.com" if self.web == PUBLIC else f"{self.web}/api/v3"

    def repository(self, url: str) -> str:
        """Owner and name; ``GitHostRefused`` for a URL that leads elsewhere."""
        host, path = _parts(url)
        found = _REPOSITORY.fullmatch(path)
        own = {self.host.lower(), (urlsplit(self.web).hostname or "").lower()}
        if found is None or host.lower() not in own or {found[1], found[2]} & {"", ".", ".."}:
            raise GitHostRefused(
                f"{url[:200]!r} is no repository of {self.name}. Write it as {self.web}/OWNER/NAME."
            )
        return f"{found[1]}/{found[2]}"

    def clone_url(self, repository: str) -> str:
        """Where git finds it."""
        return f"{self.web}/{repository}.git"


def _parts(url: str) -> tuple[str, str]:
    if "://" not in url and (found := _LIKE_SCP.fullmatch(url)):
        return found[1], found[2]
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return (f"{host}:{parts.port}" if parts.port else host), parts.path
    except ValueError:
        return "", ""
