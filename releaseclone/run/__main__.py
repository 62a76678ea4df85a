"""``python -m releaseclone.run [-- COMMAND …]``: run the product, and COMMAND once it is up."""

import sys

from releaseclone import configuration
from releaseclone.run.runner import CannotRun, Runner

if __name__ == "__main__":
    arguments = sys.argv[1:]
    command = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    try:
        sys.exit(Runner(configuration.CHECKOUT, command).run())
    except (CannotRun, configuration.ConfigurationError) as wrong:
        sys.exit(f"releaseclone cannot run: {wrong}")
