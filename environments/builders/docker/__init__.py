"""The builder docker: images built, fetched and kept by Docker Engine or Podman's service.

``connection`` speaks to the engine, ``sending`` packs what a build needs, ``forgetting`` takes
secrets out of an image's history.
"""
