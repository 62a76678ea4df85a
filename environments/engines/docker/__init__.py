"""The engine docker: containers of one machine, by Docker Engine or Podman's service.

``connection`` speaks to the engine, ``marks`` says how what is made is named and found again,
``containers`` turns a manifest into what the engine is asked for, ``looking`` tells what runs,
``watching`` what changes, ``printed`` what was said, ``tending`` is done from time to time.
"""
