"""Where images come from: one vendor per room."""
