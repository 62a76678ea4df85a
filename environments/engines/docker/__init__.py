"""The engine docker: containers of one machine, by Docker Engine or Podman's service.

``connection`` speaks to the engine, ``marks`` says how what is made is named and found again,
``ground`` makes networks and volumes, ``containers`` turns a manifest into what is asked for,
``looking`` tells what runs, ``watching`` what changes, ``lines`` what was printed, ``tending`` is
done from time to time.
"""
