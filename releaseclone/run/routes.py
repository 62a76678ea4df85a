"""``python -m releaseclone.run.routes``: ask the worker to tell Caddy all routes.

Caddy keeps none: whoever starts it anew runs this. Routes also follow with each deployment, so a
broker that does not answer is said and is no reason to stop.
"""

import sys

from kombu.exceptions import OperationalError

from releaseclone.celery import queue


def main() -> None:
    """Put the request into the queue."""
    try:
        queue.send_task("environments.tasks.publish_routes")
    except (OperationalError, OSError) as silent:
        print(
            f"The broker does not answer ({silent}): hosted URLs lead nowhere until it does and "
            "something is deployed, or this is run again.",
            file=sys.stderr,
        )


if __name__ == "__main__":
    main()
