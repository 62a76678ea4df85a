#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from releaseclone.given import ConfigurationError

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releaseclone.settings")
    try:
        execute_from_command_line(sys.argv)
    except ConfigurationError as wrong:
        sys.exit(f"releaseclone cannot run: {wrong}")
    except OperationalError as silent:
        reason = str(silent).strip()
        sys.exit(
            f"releaseclone cannot use its database: {reason}. Look whether it runs and has space, "
            "and at DATABASE_URL where one is given."
        )
