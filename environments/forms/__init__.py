"""The shape of input: what a form holds becomes a value of the actions."""
