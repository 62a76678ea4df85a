"""Git hosts: one adapter per kind of host, each fulfilling ``core.ports.GitHost``."""
