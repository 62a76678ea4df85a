"""Named reads; who may see what. ``Unseen`` for what is not there for this person."""
