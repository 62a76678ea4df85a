"""The project: settings, the queue, the doors of the web server and the runner."""
