"""The pages: each view reads, asks, shows."""
