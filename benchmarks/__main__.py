"""``python -m benchmarks``: all of them, one after another."""

import subprocess
import sys

_ALL = ("plan", "list_page", "deployments")


def main() -> int:
    """Non-zero where one of them could not be run."""
    statuses = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
        for name in _ALL
    ]
    return max(statuses)


if __name__ == "__main__":
    sys.exit(main())
