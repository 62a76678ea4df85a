"""What a Compose file says that a template says otherwise, or not at all."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "compose.no-services": Entry(
        "This Compose file has no services.", "Name at least one below services."
    ),
    "compose.is-one": Entry(
        "This is a Compose file, and not an Application Template.",
        "Register an application with it, or run manage.py check_template: both propose the "
        "template for it.",
    ),
    "compose.found": Entry(
        "The repository has no Application Template, and the Compose file {path}: the template "
        "and variables below are made from it.",
        "Go through them, then register.",
    ),
    "compose.given": Entry(
        "This is a Compose file: the template and variables below are made from it.",
        "Go through them, then register.",
    ),
    "compose.dollar": Entry(
        "{text!r} cannot be filled: {wrong}.",
        "Write ${{NAME}} or ${{NAME:-default}}, and $$ for a dollar sign.",
    ),
    "compose.variable-unset": Entry(
        "${name} has no value: Compose takes it from the shell or from .env.",
        "Nothing stands in its place: fill it in by hand.",
    ),
    "compose.variable-required": Entry(
        "${name} needs a value: {why}.", "Nothing stands in its place: fill it in by hand."
    ),
    "compose.no-value": Entry(
        "{name} of {service} has no value: Compose takes it from the shell.",
        "It is empty: give it one among the variables.",
    ),
    "compose.left-out": Entry("{key} of {service} has no counterpart.", "{hint}"),
    "compose.unknown-key": Entry("{key} of {service} is no key of a Compose file.", "{hint}"),
    "compose.unreadable": Entry(
        "{key} of {service} is left out: {text!r} is no {expected}.", "Correct it."
    ),
    "compose.no-source": Entry(
        "{service} has neither an image nor a build.", "Give it one of them."
    ),
    "compose.outside": Entry(
        "{service} is built from {context}, which is not in this repository.",
        "Move it into the repository, or register its own and import it.",
    ),
    "compose.renamed": Entry(
        "{service} is called {name} here: names are DNS labels.",
        "Others reach it as {name}; correct what calls it {service}.",
    ),
    "compose.profile": Entry(
        "Left out, because started only with a profile ({profiles}): {service}.",
        "Add by hand what environments need.",
    ),
    "compose.job": Entry(
        "{service} runs to its end before others start: it becomes a job.",
        "The workflows say when it runs.",
    ),
    "compose.circle": Entry(
        "Services wait for each other in a circle: {names}.", "Take one depends_on out."
    ),
    "compose.depends-unknown": Entry(
        "{service} depends on {needed}, which does not run here.", "It is left out of depends_on."
    ),
    "compose.port-inside": Entry(
        "Port {port} of {service} is published, and is reached inside only here: hosted URLs "
        "speak HTTP.",
        "Use a terminal of the environment, or write node_port where it does speak HTTP.",
    ),
    "compose.port-taken": Entry(
        "{service} names no port: {port} is taken, {why}.",
        "Correct it where the service listens elsewhere.",
    ),
    "compose.port-none": Entry(
        "{needing} depends on {service}, which names no port.",
        "Give it one: on a cluster nothing reaches a service without.",
    ),
    "compose.folder": Entry(
        "{source} is not mounted at {target} of {service}: files of the repository are, "
        "folders are not.",
        "Copy the folder into the image by its Dockerfile.",
    ),
    "compose.machine-path": Entry(
        "{source} is not mounted at {target} of {service}: it is a path of one machine.",
        "Use a volume, or a file of the repository.",
    ),
    "compose.not-declared": Entry(
        "{service} uses {name} of {kind}, which this file does not have.", "Add it there."
    ),
    "compose.env-file": Entry(
        "{path}, the env_file of {service}, is not in the repository.",
        "Add its variables by hand.",
    ),
    "compose.variable": Entry("{name} of {service} is left out: {why}.", "Use another name."),
    "compose.secrets": Entry(
        "These look like secrets: {names}.",
        "Write secret: true beside their values: they are masked and encrypted then.",
    ),
    "compose.override": Entry(
        "{path} stands beside the file, and is not read.", "Add what it changes by hand."
    ),
}
