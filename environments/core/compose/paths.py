"""Paths of a Compose file: below the repository, outside of it, or of the machine."""

import posixpath


def inside(path: str) -> str:
    """The path below the repository's root, ``.`` for the root; "" where it leads out of it."""
    if path.startswith(("/", "~")) or "\\" in path or "\0" in path:
        return ""
    found = posixpath.normpath(path or ".")
    return "" if found == ".." or found.startswith("../") else found


def is_path(source: str) -> bool:
    """Whether the source of a mount is a path, and no volume's name."""
    return source.startswith((".", "/", "~"))


def dockerfile(context: str, path: str) -> str:
    """Where a template looks for it: in the context, else in the repository; "" outside of it."""
    found = "" if path.startswith("/") else inside(posixpath.join(context, path))
    return found if context == "." else found.removeprefix(f"{context}/")
