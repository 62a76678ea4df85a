"""Repositories of GitHub and GitHub Enterprise, through their API."""

from environments.githosts.github.repositories import GitHubRepositories

__all__ = ["GitHubRepositories"]
