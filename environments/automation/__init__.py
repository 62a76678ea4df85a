"""What is asked for in nobody's name: because a host told of a change, or because time passed."""
