"""Environment variables: their sources, what the product makes, and mappings between them."""

from environments.core.variables.container import container_variables, own_names
from environments.core.variables.generated import (
    ingress_variables,
    is_reserved,
    release_variables,
    service_variables,
)
from environments.core.variables.model import Generated, Value, VariablesFile
from environments.core.variables.sections import section_problems

__all__ = [
    "Generated",
    "Value",
    "VariablesFile",
    "container_variables",
    "ingress_variables",
    "is_reserved",
    "own_names",
    "release_variables",
    "section_problems",
    "service_variables",
]
