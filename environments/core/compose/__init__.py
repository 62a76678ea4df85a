"""Compose files: the Application Template that one stands for, and what it has no words for."""

from environments.core.compose.model import Files
from environments.core.compose.proposing import (
    COMPOSE_FILE,
    COMPOSE_FILES,
    Proposal,
    is_compose,
    proposal,
)

__all__ = ["COMPOSE_FILE", "COMPOSE_FILES", "Files", "Proposal", "is_compose", "proposal"]
