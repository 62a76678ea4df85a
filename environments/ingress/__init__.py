"""Ingress: what leads host names and paths to the services of this machine."""
