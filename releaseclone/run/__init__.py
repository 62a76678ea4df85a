"""The runner: all parts of the product in one terminal, started, watched and stopped together."""
