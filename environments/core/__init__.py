"""Thought: pure functions and values, without Django, network, clock, settings or randomness."""
