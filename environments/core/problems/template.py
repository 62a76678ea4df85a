"""What can be wrong with the text of a template or a variables file."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "yaml.not-text": Entry(
        "The file is not UTF-8 text (byte {position}).", "Save it as UTF-8 and try again."
    ),
    "yaml.too-large": Entry(
        "The file has {size} bytes, and {limit} are allowed.", "Make it smaller."
    ),
    "yaml.character": Entry("A character that YAML does not allow: {code}.", "Take it out."),
    "yaml.syntax": Entry("The file cannot be read as YAML: {reason}.", "Correct this line."),
    "yaml.colon": Entry(
        "{key} stands alone on its line, without a colon.", "Write {key}: instead."
    ),
    "yaml.blank": Entry(
        "{key} and its value run together.",
        "Write a blank behind the colon: {key}: {value}.",
    ),
    "yaml.indent": Entry(
        "{key} stands further to the right than the keys that it could belong to.",
        "Line it up with them; text that goes on from the line above needs quotes.",
    ),
    "yaml.tab": Entry("A tab stands where the indentation is.", "Indent with spaces."),
    "yaml.documents": Entry(
        "A second document begins here (---), and a file may have one.",
        "Take the second one out.",
    ),
    "yaml.too-deep": Entry("More than {limit} levels of nesting.", "Write it flatter."),
    "yaml.alias-limit": Entry(
        "The aliases of this file stand for more than {limit} values.",
        "Write out what they repeat, or use fewer.",
    ),
    "yaml.alias-cycle": Entry("*{name} stands inside the value that it names.", "Write it out."),
    "yaml.alias-unknown": Entry(
        "*{name} is the alias of nothing: no &{name} stands above it.",
        "Text that begins with * needs quotes.",
    ),
    "yaml.tag": Entry(
        "The tag {tag} is not known here.", "If it was meant as text, put it in quotes: {quoted}."
    ),
    "yaml.key": Entry("A list or a mapping cannot be a key.", "Use text."),
    "yaml.merge-key": Entry(
        "YAML 1.2 has no merge keys (<<).", "Write the keys out; an alias as a value is fine."
    ),
    "yaml.merge-value": Entry(
        "A merge key (<<) brings in what is no mapping.", "Name a mapping by its alias."
    ),
    "yaml.duplicate-key": Entry(
        "{key} is written twice; the first one is in line {line}.", "Keep one of them."
    ),
    "template.unknown-key": Entry("{key} is not a key{above}.", "{hint}"),
    "template.empty-key": Entry("A key is empty.", "Give it a name, or take it out."),
    "template.required": Entry("{where} has no {key}.", "Add it."),
    "template.expected": Entry("{where} must be {expected}, and is {actual}.", "{hint}"),
    "template.twice": Entry(
        "{name} stands twice in {key}; the first one is in line {line}.",
        "Rename one of them, or take it out.",
    ),
    "template.name-all": Entry(
        "all cannot be a name in {key}: workflows use it for all of them.", "Rename it."
    ),
    "template.self-import": Entry("{name} imports itself.", "Take this entry out."),
    "template.import-twice": Entry(
        "{name} is imported twice; the first entry is in line {line}.",
        "Keep one of them: an application is imported once.",
    ),
    "template.depends-unknown": Entry(
        "{service} depends on {needed}, which this template does not have.", "{hint}"
    ),
    "template.host-unknown": Entry(
        "A host leads to {service}, which this template does not have.", "{hint}"
    ),
    "template.job-service": Entry(
        "The job {job} is run from {service}, which this template does not have.", "{hint}"
    ),
    "template.job-source": Entry(
        "The job {job} has nothing to run.", "Give it from_services, an image, or has_repo: true."
    ),
    "template.schedule": Entry(
        "The schedule {schedule} of {job} cannot be followed: {wrong}.",
        "Write it like 30 4 * * 1-5 (4:30 from Monday to Friday), or @hourly.",
    ),
    "template.probe": Entry(
        "The {key} of {name} must ask in one way, and has {found}.",
        "Write one of exec, http_get and tcp_socket.",
    ),
    "template.variable-twice": Entry(
        "{name} sets {key} twice; the first time in line {line}, and the last one counts.",
        "Keep one of them.",
    ),
    "template.depends-circle": Entry(
        "Services depend on each other in a circle: {names}.",
        "Take one depends_on out: only workflows that name each of them can order them.",
    ),
    "template.host-port": Entry(
        "A host leads to {service}, which has no port: nothing is exposed.",
        "Give the service a port, or take the host out.",
    ),
    "template.host-placeholder": Entry("Nothing fills ${{{name}}} in a host name.", "{hint}"),
    "template.host-name": Entry(
        "The host pattern {pattern} has a part that is no name: {part!r}.",
        "Write the host alone, in letters, digits and hyphens.",
    ),
    "template.account-ours": Entry(
        "The service account {name} is the product's own.", "Give it another name."
    ),
    "template.account-name": Entry(
        "{name!r} cannot be the name of a service account.",
        "Use lower-case letters, digits and hyphens.",
    ),
    "template.default-type": Entry(
        "The default of the parameter {name} must be {expected}.", "Correct it, or the type."
    ),
    "template.port-twice": Entry(
        "The port {port} of {name} leads to another target_port in line {line}.",
        "Give one of them another port.",
    ),
    "template.mount-twice": Entry(
        "{name} mounts two volumes at {path}; the first one is in line {line}.",
        "Give one of them another path.",
    ),
    "template.claim-unknown": Entry(
        "{name} claims the volume {claim}, which this template does not have.", "{hint}"
    ),
    "template.outside": Entry(
        "{key} of {name} leads out of the repository: {path}.",
        "Write a path below the root of the repository, without a slash in front.",
    ),
    "template.scale": Entry(
        "The service {name} has at most {most} replicas and at least {least}: {least} it is.",
        "Correct one of them.",
    ),
    "template.request-above-limit": Entry(
        "The request {request} is above the limit {limit}: the limit is raised to it.",
        "Correct one of them.",
    ),
    "template.add-and-remove": Entry(
        "The environment template {type} adds {service} and removes it.", "Keep one of both."
    ),
    "template.deprecated": Entry("{key} is deprecated and has no effect.", "Take it out."),
    "template.not-deployed": Entry(
        "{key} {are} not deployed yet.", "What needs them does not run in an environment."
    ),
    "template.not-followed": Entry(
        "{key} is read and not followed yet.", "Everything runs as if it were not there."
    ),
    "template.one-engine": Entry(
        "{key} is followed on Kubernetes only.",
        "On other engines everything runs as if it were not there.",
    ),
    "template.charts": Entry(
        "charts are installed on Kubernetes only.",
        "On other engines a deployment of this template is refused.",
    ),
    "template.chart-source": Entry(
        "The chart {name} does not say where it is.",
        "Give it a directory of the repository, or repo_url and install.",
    ),
    "template.chart-address": Entry(
        "The chart {name} would be fetched by {scheme}:, which is not allowed.",
        "Use an address that begins with https:// or oci://.",
    ),
    "template.chart-no-address": Entry(
        "{key} of the chart {name} cannot be read as an address.", "Correct it."
    ),
    "template.chart-host": Entry(
        "The chart {name} would be fetched from {host}, which is the product's own machine.",
        "Use the address of a registry or a chart repository.",
    ),
    "template.chart-definitions": Entry(
        "The custom resource definitions of the chart {name} are not installed: they belong to "
        "the whole cluster.",
        "Have them installed by whoever runs the cluster, and take include_crds out.",
    ),
    "template.override-unknown": Entry(
        "The environment template {type} changes {service}, which the template does not have.",
        "{hint}",
    ),
    "template.types-in-environment": Entry(
        "An Environment Template has no environment_templates: "
        "they were merged into it when the environment was created.",
        "Take the key out.",
    ),
    "template.workflow-form": Entry(
        "The workflow {workflow} must have order_from or parallelize, and one of them only.",
        "Use order_from for one task after another, parallelize for steps.",
    ),
    "template.task-unknown": Entry(
        "The workflow {workflow} names {task}, which this template does not have.", "{hint}"
    ),
    "template.removal-missing": Entry("The workflow teardown has no {task}.", "Add it as the end."),
    "template.removal-last": Entry(
        "{task} must be the last task of teardown, in a step of its own.", "Move it to the end."
    ),
    "template.removal-outside": Entry(
        "The workflow {workflow} removes the environment.", "Only teardown may do that."
    ),
    "template.placeholder-open": Entry(
        "${{parameters.{name} is never closed.", "Write ${{parameters.NAME}}."
    ),
    "template.placeholder-unknown": Entry(
        "${{parameters.{name}}} names no parameter of this template.", "{hint}"
    ),
    "variables.reserved": Entry(
        "{key} is reserved: the product sets every RELEASE_ variable itself.", "Use another name."
    ),
    "variables.twice": Entry(
        "{key} is set twice in one list; the first time in line {line}.", "Keep one of them."
    ),
    "variables.name": Entry(
        "{name!r} cannot be the name of a variable.", "Use a name without blanks and =."
    ),
    "variables.no-service": Entry(
        "services.{name} sets variables of a service that {application} does not have.",
        "{suggestion}",
    ),
    "variables.both": Entry(
        "defaults and envs are two words for the same list.", "Put the variables into one of them."
    ),
    "variables.secret-empty": Entry(
        "The secret {key} has no value, and none is stored.", "Give it one."
    ),
}
