"""What can go wrong while a deployment runs."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "deploy.branch-gone": Entry(
        "{application} has no branch {branch} any more.",
        "{remedy}.",
    ),
    "deploy.file": Entry(
        "{application} mounts {path}, which cannot be read: {reason}.",
        "Commit it, or take it out of configmap.",
    ),
}
