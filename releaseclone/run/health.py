"""``python -m releaseclone.run.health PART …``: status 0 when each of these parts answers.

For the health checks of containers; it runs where the parts run, with the same settings.
"""

import sys
from collections.abc import Sequence

from releaseclone import configuration
from releaseclone.given import ConfigurationError
from releaseclone.run.parts import NAMES, answering


def main(names: Sequence[str]) -> int:
    """The exit status; what is wrong goes to stderr."""
    unknown = [name for name in names if name not in NAMES]
    if unknown or not names:
        print(f"name parts, of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    try:
        settings = configuration.read()
    except ConfigurationError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    silent = [name for name in names if not answering(settings, name)()]
    if silent:
        print(f"no answer from {', '.join(silent)}", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
