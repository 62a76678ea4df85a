"""Any git URL or local path, read by the ``git`` program."""

from environments.githosts.git.address import check_url
from environments.githosts.git.repositories import GitRepositories

__all__ = ["GitRepositories", "check_url"]
