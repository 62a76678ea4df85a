"""What can be wrong with the members of a plan, their hosts, and their engine."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "parameter.missing": Entry(
        "{application} needs a value for the parameter {name}.", "Fill it in under Parameters."
    ),
    "parameter.type": Entry(
        "The parameter {name} of {application} must be {expected}.", "Correct its value."
    ),
    "parameter.option": Entry(
        "{text!r} does not set a parameter.", "Write NAME=VALUE, or APPLICATION.NAME=VALUE."
    ),
    "parameter.unknown": Entry("{application} has no parameter {name}.", "{suggestion}"),
    "parameter.no-member": Entry(
        "{text!r} sets a parameter of {application}, which is not part of this environment.",
        "Its applications: {known}.",
    ),
    "import.not-there": Entry(
        "{application} does not import {name}.", "Leave --without {name} out."
    ),
    "import.both": Entry(
        "{name} is both selected and left out.", "Give it one of --import and --without."
    ),
    "host.unknown-service": Entry(
        "A host of {application} leads to {service}, which the template does not have.",
        "Name one of its services.",
    ),
    "host.no-port": Entry(
        "A host of {application} leads to {service}, which has no port: nothing is exposed.",
        "Give the service a port.",
    ),
    "host.placeholder": Entry(
        "The host pattern {pattern} of {application} names {name}, which nothing fills.",
        "Use ${{env_id}}, ${{domain}}, ${{app_name}} or ${{env_name}}.",
    ),
    "host.label-too-long": Entry(
        "The host {host} of {application} has a part of {length} characters: {part}.",
        "A part may have 63: shorten the pattern.",
    ),
    "host.not-a-name": Entry(
        "The host {host} of {application} has a part that is not a name: {part!r}.",
        "Use letters, digits and hyphens.",
    ),
    "host.too-long": Entry(
        "The host {host} of {application} is longer than 253 characters.", "Shorten it."
    ),
    "host.held": Entry(
        "The host {host} of {application} is taken: {holder}.",
        "Use ${{env_id}} in the pattern, or remove the other one.",
    ),
    "host.outside": Entry(
        "The host pattern {pattern} of {application} is outside the domains of the context.",
        "It is routed all the same; {better} would be inside.",
    ),
    "host.other-ports": Entry(
        "{service} of {application} has more ports than its host leads to: {ports}.",
        "They are reached from inside the namespace only.",
    ),
    "engine.off": Entry("{reason}", "Choose another context, or ask an operator."),
    "engine.unsupported": Entry(
        "{application} uses {key}, which the engine {engine} cannot carry out.",
        "{remedy}",
    ),
    "engine.only-image": Entry(
        "{name} of {application} is only an image ({image}), and the engine {engine} runs "
        "code of the repository.",
        "Use a context with the engine {engines}, or give it has_repo: true and a command.",
    ),
    "engine.no-command": Entry(
        "{name} of {application} has neither command nor args, and the engine {engine} builds "
        "no image to look into.",
        "Give it a command, or use a context with the engine {engines}.",
    ),
    "engine.charts": Entry(
        "The engine {engine} cannot install the charts of {application}.", "{remedy}"
    ),
    "engine.static": Entry(
        "{name} of {application} is a static site, which the engine {engine} cannot serve.",
        "Use a context with the engine {engines}.",
    ),
    "engine.file": Entry(
        "{name} of {application} mounts a file at {path}, and the engine {engine} puts files "
        "below the service's own folder only.",
        "Write a path relative to it, or use a context with the engine {engines}.",
    ),
    "engine.volume": Entry(
        "{name} of {application} needs the volume {volume}, and the engine {engine} has none.",
        "Use a context with the engine {engines}.",
    ),
    "image.none": Entry(
        "{name} of {application} has no image and no build, and here only images are run.",
        "Give it a build with a Dockerfile, an image, or a context with the engine process.",
    ),
    "image.no-registry": Entry(
        "{name} of {application} is built, and the engine {engine} fetches images from a registry.",
        "Say in the context {context} where built images are pushed to.",
    ),
    "image.not-built": Entry(
        "{name} of {application} runs the repository's image {image}, which nothing builds.",
        "{suggestion}",
    ),
    "engine.port-inside": Entry(
        "{name} of {application} is reached at port {target_port} inside the namespace, not at "
        "{port}: the engine {engine} has nothing in between.",
        "Call it by its service variables, or give both numbers the same value.",
    ),
    "engine.cpus": Entry(
        "{name} of {application} asks for {asked} CPUs, and this machine has {given}.",
        "The engine {engine} gives it all of them.",
    ),
    "engine.limits": Entry(
        "The engine {engine} does not enforce memory and CPU limits.",
        "Services use what the machine has.",
    ),
    "engine.tunes": Entry(
        "{key} of {application} is not followed by the engine {engine}.", "It is left aside."
    ),
    "engine.process-limit": Entry(
        "This plan runs {count} processes, and {elsewhere} run already: more than the limit "
        "of {limit}.",
        "Delete environments, lower replicas, or raise RELEASECLONE_PROCESS_LIMIT.",
    ),
    "engine.value-too-long": Entry(
        "{variable} of {name} of {application} has {size} bytes, and the engine {engine} can give "
        "a process {limit}.",
        "Shorten it, or put the value into a file of the repository.",
    ),
    "engine.fixed-port": Entry(
        "{name} of {application} sets PORT itself; the engine {engine} gives it another one.",
        "Listen on $PORT.",
    ),
    "engine.port-not-given": Entry(
        "The command of {name} of {application} asks for $({asked}), and the service has no such "
        "port.",
        "Add it to its ports, or ask for one that is there.",
    ),
    "engine.port-in-command": Entry(
        "The command of {name} of {application} names the port {port}; the engine {engine} "
        "gives it another one.",
        "Write $(PORT), or $(PORT_{port}), in its place.",
    ),
    "engine.own-address": Entry(
        "{application} sets {variable} itself (for {name}), which the engine {engine} would fill "
        "with the address that it gave.",
        "Leave it out, or keep it if the address is right.",
    ),
    "names.do-not-resolve": Entry(
        "A name such as {host} does not resolve for programs on this machine.",
        "Browsers reach it; for calls from service to service install libnss-myhostname, "
        "set a real domain, or use the service variables.",
    ),
    "context.unknown": Entry(
        "{application} asks for the context {name}, which this account does not have.",
        "The default one is used: {used}.",
    ),
    "context.stays": Entry(
        "{application} asks for the context {name}, and this environment runs in {used}.",
        "Where an environment runs is chosen when it is created.",
    ),
    "domain.stays": Entry(
        "{application} asks for the domain {name}, and this environment is served under {used}.",
        "The domain is chosen when an environment is created.",
    ),
    "context.of-import": Entry(
        "{application} asks for its own {key} ({name}), and runs in its importer's.",
        "It counts only where {application} is deployed on its own.",
    ),
    "domain.unknown": Entry(
        "{application} asks for the domain {name}, which the context does not serve.",
        "{used} is used.",
    ),
    "import.unknown": Entry(
        "{application} imports {name}, and this account has no such application.",
        "{suggestion}",
    ),
    "import.unknown-service": Entry(
        "{application} excludes {service} of {name}, which has no such service.",
        "{suggestion}",
    ),
    "import.exclude-needed": Entry(
        "{service} of {application} depends on {needed}, which is excluded.",
        "Include it, or make sure that {service} starts without it.",
    ),
    "import.nothing-left": Entry(
        "All services of {application} are excluded: nothing of it runs.",
        "Do not import it, or exclude fewer.",
    ),
    "import.ignored-needed": Entry(
        "{service} of {application} depends on {needed} of an ignored import.",
        "It is not deployed; make sure that {service} starts without it.",
    ),
    "depends.unknown": Entry(
        "{service} of {application} depends on {needed}, and no member of the plan has it.",
        "Import the application that has it, or take it out.",
    ),
    "template.unread": Entry(
        "The template of {application} has errors: {first}", "Correct it first."
    ),
    "member.leaves-first": Entry(
        "{application} leaves, and {names} of it is used anew.",
        "It is removed before the others are applied.",
    ),
}
