"""Engines: one file or package for each, loaded by name."""
