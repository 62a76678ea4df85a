"""The image that serves static sites: made once in each engine's store."""

import platform
import shutil
import tempfile
from pathlib import Path

from environments.core.ports import (
    BuildContext,
    Builder,
    BuildError,
    BuildOrder,
    IngressError,
    Telling,
    Unwanted,
)
from environments.core.sites import PROGRAM, SERVER, SERVER_CONFIGURATION, SERVER_DOCKERFILE
from environments.ingress.caddy import find_caddy

_SAME = {"x86_64": "amd64", "aarch64": "arm64"}


def have_server(
    builder: Builder, looked: BuildContext, *, tell: Telling, unwanted: Unwanted
) -> None:
    """Make it where the engine has it not: from the file server that this product has itself."""
    if builder.find(SERVER) is not None:
        return
    own = platform.machine()
    if looked.platform.rpartition("/")[2] not in (own, _SAME.get(own)):
        raise BuildError(
            f"Static sites are served by a program of this machine ({own}), and the engine runs "
            f"{looked.platform}. Build the site with a Dockerfile of its own."
        )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            shutil.copy(find_caddy(), folder / PROGRAM)
        except IngressError as missing:
            raise BuildError(str(missing)) from missing
        (folder / "Caddyfile").write_text(SERVER_CONFIGURATION)
        order = BuildOrder(folder, ".", "", text=SERVER_DOCKERFILE, tags=(SERVER,))
        builder.build(order, tell=tell, unwanted=unwanted)
