"""The product's settings with the engine in memory and no ingress, for one benchmark's worker."""

from releaseclone.settings import *  # noqa: F403 - a settings module is made of another one
from releaseclone.settings import GIT_HOSTS

ENGINES = {"memory": ("environments.engines.memory.MemoryEngine", {})}
INGRESS = ("benchmarks.queue.NoIngress", {})
GIT_HOSTS["git"][1]["local_allowed"] = True
ROOT_URLCONF = "benchmarks.urls"
