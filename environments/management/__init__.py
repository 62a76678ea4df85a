"""Management: the operator's commands."""
