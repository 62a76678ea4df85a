"""The program ``helm`` for tests: that of the PATH, else built from its Go module."""

import os
import shutil
import subprocess
from pathlib import Path

VERSION = "3.22.0"
_MODULE = "helm.sh/helm/v3"
_FOLDER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "releaseclone-tests"


def program() -> Path | None:
    """Where it is; None where there is neither it nor a Go that can build it."""
    if found := shutil.which("helm"):
        return Path(found)
    built = _FOLDER / f"helm-{VERSION}" / "helm"
    if not built.exists() and not _build(built):
        return None
    return built


def _build(built: Path) -> bool:
    """Whether it was built: in a module of its own, under a name that others do not see yet."""
    if shutil.which("go") is None:
        return False
    print(f"helm {VERSION}: built from its Go module", flush=True)
    module = built.parent / f"module-{os.getpid()}"
    module.mkdir(parents=True)
    try:
        (module / "go.mod").write_text("module helm\n\ngo 1.24\n")
        for arguments in (
            ("get", "-tool", f"{_MODULE}/cmd/helm@v{VERSION}"),
            ("build", "-trimpath", "-ldflags=-s -w", "-o", "helm", f"{_MODULE}/cmd/helm"),
        ):
            done = subprocess.run(
                ["go", *arguments],
                cwd=module,
                env={**os.environ, "CGO_ENABLED": "0"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                print(done.stderr[-2000:], flush=True)
                return False
        (module / "helm").rename(built)
    finally:
        shutil.rmtree(module)
    return True


if __name__ == "__main__":
    program()
