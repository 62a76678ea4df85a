"""Templates: what they may contain, what they mean, and how forms edit their text."""

from environments.core.template.editing import (
    merged_text,
    with_imports,
    with_renamed_service,
    with_setting,
)
from environments.core.template.parsing import (
    Parsed,
    merged_template,
    parse_application_template,
    parse_environment_template,
)
from environments.core.template.schema import APPLICATION_SCHEMA, ENVIRONMENT_SCHEMA

__all__ = [
    "APPLICATION_SCHEMA",
    "ENVIRONMENT_SCHEMA",
    "Parsed",
    "merged_template",
    "merged_text",
    "parse_application_template",
    "parse_environment_template",
    "with_imports",
    "with_renamed_service",
    "with_setting",
]
