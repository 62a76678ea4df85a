"""What can be wrong with what a person asks for."""

from environments.core.problems.entry import Entry

CATALOGUE: dict[str, Entry] = {
    "account.name": Entry(
        "{name!r} cannot be the name of an account.",
        "Use lower-case letters, digits and hyphens, at most 63; a few words such as admin are "
        "taken.",
    ),
    "account.taken": Entry("There is an account {name} already.", "Choose another name."),
    "account.opened": Entry(
        "This installation has its first owner already.", "Sign in, or ask an owner to add you."
    ),
    "account.unknown": Entry(
        "There is no account {name}.", "Accounts of this installation: {known}."
    ),
    "account.which": Entry(
        "This installation has several accounts: {known}.", "Say which one with --account NAME."
    ),
    "account.person": Entry("{reason}"),
    "account.has-applications": Entry(
        "{name} has {count} applications.", "Delete them first, each with its environments."
    ),
    "account.no-context": Entry(
        "{account} has no context to run environments in.",
        "Add one in the settings of the account.",
    ),
    "context.name": Entry(
        "{name!r} cannot be the name of a context.",
        "Use lower-case letters, digits and hyphens, at most 63.",
    ),
    "context.taken": Entry(
        "{account} has a context {name} already.", "Choose another name, or change that one."
    ),
    "context.engine": Entry(
        "This installation has no engine {engine}.", "Engines that it has: {known}."
    ),
    "context.domains": Entry(
        "{domain!r} is not a domain.",
        "Give at least one, such as env.example.org; the first is the one that is used.",
    ),
    "context.socket": Entry(
        "{socket!r} is not the address of a container engine.",
        "Write it like unix:///var/run/docker.sock, or tcp://host:2375.",
    ),
    "context.registry": Entry(
        "{registry!r} is not a registry with a path for images.",
        "Write it like registry.example.org/team, without https:// and without a tag.",
    ),
    "context.login": Entry(
        "{registry!r} cannot be signed in to like this.",
        "Give the registry's host (with a port where it has one), a user name and a password.",
    ),
    "context.no-login": Entry(
        "{name} signs in to no registry {registry}.", "Load the page again: somebody removed it."
    ),
    "context.not-found": Entry(
        "There is no container engine at {places}.",
        "Start Docker (systemctl start docker) or Podman's service (systemctl start "
        "podman.socket), or name one by DOCKER_HOST, such as unix:///run/podman/podman.sock.",
    ),
    "context.cluster": Entry(
        "The installation's kubeconfig has no context {cluster}.", "It has: {known}."
    ),
    "context.object-name": Entry(
        "{name!r} cannot be the name of an object of Kubernetes.",
        "Use lower-case letters, digits and hyphens, at most 63.",
    ),
    "context.port": Entry("{port} is not a port.", "Give a number from 1 to 65535."),
    "context.no-such": Entry("There is no context {name} in this account.", "It has: {known}."),
    "context.away": Entry(
        "The engine of {name} does not answer yet: {reason}",
        "The context is saved; check its connection before you deploy there.",
    ),
    "context.default": Entry(
        "{account} needs a default context, and {name} is it.",
        "Make another one the default first.",
    ),
    "context.in-use": Entry(
        "Environments run in {name}: {environments}.",
        "Delete them first, or make another context for new ones.",
    ),
    "context.history": Entry(
        "{name} is where {count} removed environments ran, whose history is kept.",
        "Leave it, or delete their applications first.",
    ),
    "member.taken": Entry("{name} is a member already.", "Change the role in the list."),
    "member.gone": Entry(
        "{name} is no member of {account} any more.", "Look at the list as it is now."
    ),
    "member.last-owner": Entry(
        "{account} would have no owner.", "Make somebody else an owner first."
    ),
    "member.own-password": Entry(
        "Your own password is changed with the one that you have.",
        "Choose Password in the menu under your name.",
    ),
    "member.password": Entry(
        "{name} belongs to other accounts too, or is a superuser: an owner of one account sets no "
        "password there.",
        "They change it themselves, or a superuser sets it in the admin site.",
    ),
    "person.last-superuser": Entry(
        "Without {name} this installation would have no superuser.",
        "Make somebody else a superuser first.",
    ),
    "person.unknown": Entry(
        "There is no member {name} in {account}.", "Members of this account: {known}."
    ),
    "save.conflict": Entry(
        "{by} saved {version} since you opened this page; nothing of yours was saved.",
        "Compare both below, and save again what should hold.",
    ),
    "application.name": Entry(
        "{name!r} cannot be the name of an application.",
        "Use lower-case letters, digits and hyphens, at most 63.",
    ),
    "application.taken": Entry(
        "There is an application {name} in this account already.",
        "Give another name, or open the one that is there.",
    ),
    "application.unknown": Entry("There is no application {name} in this account.", "{known}"),
    "application.app-differs": Entry(
        "The template calls itself {app}, the application is registered as {name}.",
        "Imports of other templates use {name}.",
    ),
    "application.no-template": Entry(
        "The repository has no {path} at {branch} ({commit}).",
        "Start from the proposal below, or commit a template and register again.",
    ),
    "application.named-missing": Entry(
        ".release.yaml names {path}, and the repository has no such file at {branch} ({commit}).",
        "Correct the path, or commit the file.",
    ),
    "application.release-path": Entry(
        ".release.yaml names {path}, which leads out of the repository.",
        "Write the path from the repository's root, without .. in it.",
    ),
    "application.not-text": Entry("{path} of the repository is not UTF-8 text.", "Convert it."),
    "application.has-environments": Entry(
        "{name} has {count} living environments.", "Delete them first: {environments}."
    ),
    "application.release-file": Entry(
        ".release.yaml of the repository cannot be read: {reason}",
        "Correct it, or remove it to use the standard paths.",
    ),
    "repository.unread": Entry("{reason}"),
    "repository.unreadable": Entry("{application}: {reason}"),
    "repository.stale": Entry(
        "{application}: {reason}",
        "Shown is what the repository had {age} s ago; the deployment itself asks anew.",
    ),
    "environment.name": Entry(
        "{name!r} cannot be the name of an environment.",
        "Use lower-case letters, digits and hyphens, at most 63.",
    ),
    "environment.taken": Entry(
        "{application} has an environment {name} already.",
        "Choose another name, or leave it blank.",
    ),
    "environment.production": Entry(
        "Only a permanent environment can be a production one.", "Choose the type permanent."
    ),
    "public.host": Entry(
        "{host!r} cannot be a public address: {reason}.",
        "Give a whole host name, such as shop.example.org, without https:// and without a path.",
    ),
    "public.taken": Entry("The host {host} is taken: {holder}.", "Choose another one."),
    "public.no-service": Entry(
        "No permanent environment of {application} has a host for {service}.",
        "Choose one of the list; a service is in it once an environment runs that exposes it.",
    ),
    "public.gone": Entry(
        "{application} has no such public address any more.", "Look at the list as it is now."
    ),
    "public.not-fit": Entry(
        "The public addresses of {application} cannot lead to {name}: {reason}.", "{next}"
    ),
    "public.leads-here": Entry(
        "{hosts} of {application} leads to {name}.",
        "Lead it to another environment first, or nowhere, under Public addresses of "
        "{application}.",
    ),
    "public.leaves": Entry(
        "The public address {host} leads to {service} of {application} here, which goes away.",
        "It leads nowhere then: lead it to another environment first, or remove it.",
    ),
    "environment.type": Entry(
        "{type!r} is not a type of environment.", "Choose ephemeral or permanent."
    ),
    "environment.unknown": Entry("There is no environment {env_id} in this account.", "{known}"),
    "environment.ended": Entry("{name} has been removed.", "Create a new environment instead."),
    "environment.handle": Entry(
        "Volumes with data go with it, and what was typed is not its handle.",
        "Type {handle} to delete it with its data.",
    ),
    "environment.imported": Entry(
        "{name} was brought by {importer}; {act} is the importer's.",
        "Do it there: {importer}.",
    ),
    "template.edit": Entry(
        "The template cannot be changed by this form: {reason}", "Change its text in the editor."
    ),
    "version.unknown": Entry("There is no version {number}.", "Choose one of the list."),
    "build.no-images": Entry(
        "{name} has nothing to build.",
        "Give a service of its template a build, with a Dockerfile in the repository.",
    ),
    "build.no-engine": Entry(
        "{name} runs on the engine {engine}, which runs no images.",
        "Use a context with the engine docker.",
    ),
    "build.no-branch": Entry(
        "{application} has no branch or tag {branch!r}.", "Choose one that its repository has."
    ),
    "build.over": Entry(
        "This build has ended already: {state}.", "Choose Rebuild to build it once more."
    ),
    "build.not-done": Entry(
        "Build {number} cannot be deployed: it is {state}.", "Deploy one that is done."
    ),
    "build.of-deployment": Entry(
        "Build {number} belongs to {deployment}.", "Abort the deployment to end both."
    ),
    "build.argument": Entry(
        "{name!r} cannot be the name of a build argument.",
        "Use letters, digits and underscores, no digit first.",
    ),
    "build.no-argument": Entry(
        "There is no build argument {name}.", "Load the page again: somebody removed it."
    ),
    "build.no-value": Entry("The build argument {name} has no value yet.", "Give it one."),
    "deploy.no-setup": Entry("{name} has never been set up.", "Choose Deploy Setup first."),
    "deploy.paused": Entry("{name} is paused.", "Resume it first."),
    "deploy.pausing": Entry("{name} is being paused.", "Wait for it to end, then resume it."),
    "deploy.not-paused": Entry("{name} is not paused.", "There is nothing to resume."),
    "hours.wrong": Entry(
        "{schedule!r} is no schedule: {reason}.",
        "Write five fields, in UTC: 0 20 * * 1-5 is each working day at 20:00.",
    ),
    "approval.needless": Entry(
        "{name} does not wait for an approval: {why}.", "There is nothing to do."
    ),
    "approval.moved": Entry(
        "{name} has moved to {commit} since it was shown.", "Look at what is new, then ask again."
    ),
    "approval.no-wall": Entry(
        "This pull request of {name} has code from outside, and the engine {engine} would run it "
        "as the user who runs releaseclone.",
        "Let the template name a context whose engine runs images.",
    ),
    "deploy.digest": Entry(
        "The plan has changed since it was shown.", "Look at the new one, then ask again."
    ),
    "deploy.removing": Entry(
        "{name} is being removed.", "Wait for it to end, then create a new environment."
    ),
    "deploy.over": Entry(
        "This deployment has ended already: {status}.", "There is nothing to abort."
    ),
    "fix.not-here": Entry("{act} cannot be done here.", "Change the template by hand."),
    "environment.endless": Entry(
        "{name} does not expire by itself.", "Delete it when it is not needed any more."
    ),
    "application.no-label": Entry(
        "Pull requests of {name} are to be chosen by a label, and there is none.", "Name it."
    ),
    "connection.credentials": Entry(
        "Nothing says as whom {host} is asked.",
        "Give a token, or the number, key and installation of an App.",
    ),
    "connection.organisation": Entry(
        "{name!r} cannot be the name of an organisation.", "Write it as it stands in its address."
    ),
    "connection.state": Entry(
        "This is not the answer to what was asked of the host: it came late, twice, or from "
        "elsewhere.",
        "Begin again with Connect a GitHub.",
    ),
    "connection.web": Entry(
        "{web!r} is not where a GitHub is.", "Write it as https://github.com, without a path."
    ),
    "connection.here": Entry(
        "{web} leads to the machine of the product.", "Give the address of a GitHub elsewhere."
    ),
    "connection.http": Entry(
        "{web} would show the credentials to everybody on the way.", "Write https://."
    ),
    "connection.away": Entry("{host} was asked and did not let in: {reason}", "Correct it."),
    "connection.taken": Entry(
        "This account has a connection to {host} already.", "Change that one."
    ),
    "demo.local-repositories": Entry(
        "The demo's repositories are folders of this machine, which are not allowed.",
        "Set RELEASECLONE_LOCAL_REPOSITORIES=1; `make demo` does.",
    ),
    "demo.away": Entry(
        "The demo cannot run on the engine {engine}: {reason}", "make demo runs without it."
    ),
    "demo.no-cluster": Entry(
        "The installation knows no cluster.",
        "Name a kubeconfig: make demo ENGINE=kubernetes KUBECONFIG=PATH REGISTRY=HOST/PATH.",
    ),
    "demo.no-registry": Entry(
        "The images of the examples need a registry that the cluster fetches from.",
        "Name one: make demo ENGINE=kubernetes REGISTRY=HOST/PATH.",
    ),
    "command.reads": Entry("{path} cannot be read: {reason}.", "Give the path of a text file."),
    "command.usage": Entry("{reason}.", "See manage.py {command} --help."),
    "command.database": Entry(
        "The database cannot be used: {reason}.", "Run manage.py migrate, then try again."
    ),
    "import.option": Entry(
        "{text!r} does not select an import.", "Write NAME, or NAME:BRANCH, with --import."
    ),
}
