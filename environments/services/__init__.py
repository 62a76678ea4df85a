"""What the worker does: each step reads the boxes before its own and fills its own, once."""
