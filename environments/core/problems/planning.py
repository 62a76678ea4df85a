"""What can stand in the way of a plan: branches, names that meet, variables, workflows."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "branch.missing": Entry(
        "{application} has no branch or tag {branch!r}.",
        "{known} Leave the branch blank to let the rules choose.",
    ),
    "branch.too-long": Entry(
        "The branch {branch}… of {application} has {length} characters, and {limit} are allowed.",
        "Rename it, or choose another one.",
    ),
    "branch.tracking-gone": Entry(
        "{application} tracks {branch}, which the repository does not have any more.",
        "The rule that comes next decides; correct the template.",
    ),
    "collision.service": Entry(
        "The service {name} is in {application} (line {line}) and, as {other_name}, in {other} "
        "(line {other_line}).",
        "In one namespace only one can have the name: exclude one, drop the import, or rename.",
    ),
    "collision.job": Entry(
        "The job {name} is in {application} (line {line}) and, as {other_name}, in {other} "
        "(line {other_line}).",
        "Rename one, or drop the import.",
    ),
    "collision.volume": Entry(
        "The volume {name} is in {application} (line {line}) and, as {other_name}, in {other} "
        "(line {other_line}).",
        "Rename one, or drop the import.",
    ),
    "collision.account": Entry(
        "The service account {name} is in {application} (line {line}) and, as {other_name}, in "
        "{other} (line {other_line}).",
        "Rename one, or drop the import.",
    ),
    "collision.host": Entry(
        "The address {name} is used by {application} (line {line}) and by {other} "
        "(line {other_line}).",
        "Give one of them another host name or path.",
    ),
    "collision.variable": Entry(
        "The services {name} of {application} (line {line}) and {other_name} of {other} "
        "(line {other_line}) both give variables that begin with {prefix}_.",
        "Exclude one, drop the import, or rename.",
    ),
    "variable.reserved": Entry(
        "{application} sets {name}, which is reserved.",
        "{reason} Take it out, or choose another name.",
    ),
    "variable.no-store": Entry(
        "{name} of {application} refers to a secret store, and none is read.",
        "The value is passed as it stands.",
    ),
    "mapping.unread": Entry(
        "The mapping {name} of {application} cannot be read: {reason}.",
        "Write NAME, ${{NAME}} or ${{NAME:-default}}; $$ is one $.",
    ),
    "mapping.cycle": Entry(
        "The mapping {name} of {application} refers to itself, directly or by others.",
        "Break the circle.",
    ),
    "mapping.too-long": Entry(
        "With the mapping {name}, those of {application} make more than {limit} characters for "
        "one container.",
        "Let it refer to less.",
    ),
    "mapping.missing": Entry(
        "The mapping {name} of {application} needs {missing}, which no container of it has.",
        "Import the application that gives it, or write a default: ${{NAME:-default}}.",
    ),
    "mapping.left-out": Entry(
        "The mapping {name} of {application} is left out where {missing} is not there.",
        "Write a default if the application needs it.",
    ),
    "depends.circle": Entry(
        "Services of {application} depend on each other in a circle: {names}.",
        "Take one depends_on out.",
    ),
    "workflow.unknown-task": Entry(
        "A workflow of {application} names {task}, which the template does not have.",
        "{suggestion}",
    ),
    "workflow.unnamed-service": Entry(
        "No task of the setup workflow of {application} names the service {name}: it is not "
        "deployed.",
        "Add services.{name}, or services.all.",
    ),
    "chart.values": Entry(
        "The values of the chart {name} of {application} cannot be used ({path}): {reason}.",
        "Correct them, and push.",
    ),
    "workflow.unnamed-chart": Entry(
        "No workflow of {application} names the chart {name}: it is not installed.",
        "Add charts.{name} to a workflow.",
    ),
    "workflow.unnamed-job": Entry(
        "No workflow of {application} names the job {name}: it is not run.",
        "Add jobs.{name} to a workflow.",
    ),
}
