"""What is kept: fields, constraints and claims, by noun."""

from environments.models.account import Account, Context, Membership, Role
from environments.models.application import Application, ApplicationVersion
from environments.models.claims import HostClaim, PortClaim
from environments.models.deployment import (
    Deployment,
    DeploymentKind,
    DeploymentStatus,
    LogLine,
    Task,
    TaskState,
)
from environments.models.environment import (
    Environment,
    EnvironmentStatus,
    EnvironmentType,
    EnvironmentVersion,
    Namespace,
)
from environments.models.event import Event

__all__ = [
    "Account",
    "Application",
    "ApplicationVersion",
    "Context",
    "Deployment",
    "DeploymentKind",
    "DeploymentStatus",
    "Environment",
    "EnvironmentStatus",
    "EnvironmentType",
    "EnvironmentVersion",
    "Event",
    "HostClaim",
    "LogLine",
    "Membership",
    "Namespace",
    "PortClaim",
    "Role",
    "Task",
    "TaskState",
]
