"""Engine ``process``: services and jobs as local processes under a supervisor daemon of its own.

On disk, below the engine's folder: ``supervisord.conf`` and ``conf.d/`` (one file for each
instance, nothing secret in them), ``programs/{namespace}/{instance}.json`` (what the launcher
runs, readable by the owner alone, variables included), ``records/{namespace}/`` (how an instance
started and ended, which processes are its own, and the first lines that a job printed),
``logs/{namespace}/`` (rotated) and ``homes/{namespace}/`` (TMPDIR of each member).
"""
