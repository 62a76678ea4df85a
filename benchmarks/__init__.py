"""Speed and scale: each benchmark prints a ratio against something measured in the same run."""
