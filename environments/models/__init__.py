"""What is kept: fields, constraints and claims, by noun."""

from environments.models.account import (
    Account,
    Context,
    Entrance,
    Membership,
    RegistryLogin,
    Role,
    entrance,
)
from environments.models.application import Application, ApplicationVersion, PullRequestPolicy
from environments.models.build import (
    Build,
    BuildArgument,
    BuildLine,
    BuildState,
    BuildStep,
    Image,
    ImageClaim,
)
from environments.models.claims import HostClaim, PortClaim
from environments.models.connection import Delivery, GitConnection, Verdict
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
    Hours,
    Namespace,
)
from environments.models.event import Event
from environments.models.public_address import PublicAddress
from environments.models.pull_request import PullRequest

__all__ = [
    "Account",
    "Application",
    "ApplicationVersion",
    "Build",
    "BuildArgument",
    "BuildLine",
    "BuildState",
    "BuildStep",
    "Context",
    "Delivery",
    "Deployment",
    "DeploymentKind",
    "DeploymentStatus",
    "Entrance",
    "Environment",
    "EnvironmentStatus",
    "EnvironmentType",
    "EnvironmentVersion",
    "Event",
    "GitConnection",
    "HostClaim",
    "Hours",
    "Image",
    "ImageClaim",
    "LogLine",
    "Membership",
    "Namespace",
    "PortClaim",
    "PublicAddress",
    "PullRequest",
    "PullRequestPolicy",
    "RegistryLogin",
    "Role",
    "Task",
    "TaskState",
    "Verdict",
    "entrance",
]
