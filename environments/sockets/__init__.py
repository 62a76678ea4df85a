"""Doors that stay open: what is asked for over a websocket."""
