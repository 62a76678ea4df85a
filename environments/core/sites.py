"""Static sites: how they are built, and the small image that serves them."""

import re
from collections.abc import Iterable
from posixpath import normpath

from environments.core.template.model import StaticSite

SERVER = "releaseclone.local/file-server:1"
"""The image that serves files; it holds one program and its configuration."""
PROGRAM = "caddy"
SERVER_DOCKERFILE = f"""FROM scratch
COPY {PROGRAM} /{PROGRAM}
COPY Caddyfile /Caddyfile
WORKDIR /srv
CMD ["/{PROGRAM}", "run", "--config", "/Caddyfile"]
"""
SERVER_CONFIGURATION = """{
	admin off
	auto_https off
	persist_config off
}
:{$PORT:80} {
	root * /srv
	try_files {path} {path}/index.html /index.html
	file_server
}
"""
STANDARD_IMAGE = "docker.io/library/node:22"
"""In which a site is built that names no image."""
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OF_THE_CONTAINER = ("PATH", "HOME", "PWD", "HOSTNAME")


def is_argument(name: str) -> bool:
    """Whether a variable can be given to a build, and does not change how its container works."""
    return _ARGUMENT.fullmatch(name) is not None and name not in _OF_THE_CONTAINER


def dockerfile_of(site: StaticSite, variables: Iterable[str]) -> str:
    """Build the site with these variables, then keep what is served and nothing else."""
    commands = [command for command in (site.install, site.command) if command]
    lines = [
        f"FROM {site.image or STANDARD_IMAGE} AS build",
        "WORKDIR /site",
        "COPY . .",
        *(f"ARG {name}" for name in sorted(variables)),
        *(f"RUN {command}" for command in commands),
        f"FROM {SERVER}",
        f"COPY --from=build /site/{normpath(site.output).lstrip('/')} /srv",
    ]
    return "\n".join(lines) + "\n"
