"""Django's settings. What an operator may set is read in ``releaseclone.configuration``."""

from typing import Any

import dj_database_url
import django_stubs_ext

from releaseclone import configuration

django_stubs_ext.monkeypatch()

RELEASECLONE = configuration.read()
BASE_DIR = configuration.CHECKOUT

DEBUG = RELEASECLONE.debug
SECRET_KEY = RELEASECLONE.secret_key
ALLOWED_HOSTS = list(RELEASECLONE.allowed_hosts)

INSTALLED_APPS = [
    "releaseclone.apps.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "environments.apps.EnvironmentsConfig",
]

MIDDLEWARE = [
    # What every answer carries comes first: files and refused hosts get it too.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "releaseclone.middleware.ContentSecurityPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "releaseclone.urls"
WSGI_APPLICATION = "releaseclone.wsgi.application"
ASGI_APPLICATION = "releaseclone.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": dict(dj_database_url.parse(RELEASECLONE.database_url))
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write waits at its begin instead of failing at its end.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": 20,
        "timeout": 10,
    }
CONN_MAX_AGE = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = RELEASECLONE.data / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A page over plain http on loopback is the default; behind https the cookies are marked.
HTTPS = RELEASECLONE.public_url.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "releaseclone_session"
CSRF_COOKIE_NAME = "releaseclone_csrf"
CSRF_COOKIE_HTTPONLY = True  # forms carry their token; no script reads it
CSRF_TRUSTED_ORIGINS = [RELEASECLONE.public_url]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# Without a server nothing is sent, and the pages that speak of mail say so.
if RELEASECLONE.mail is None:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
else:
    EMAIL_HOST, EMAIL_PORT = RELEASECLONE.mail.host, RELEASECLONE.mail.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = RELEASECLONE.mail.user, RELEASECLONE.mail.password
    EMAIL_USE_SSL, EMAIL_USE_TLS = RELEASECLONE.mail.tls, RELEASECLONE.mail.starttls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = RELEASECLONE.mail_from

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}

# Adapters by kind: where the class is, and what it is made with.
GIT_HOSTS: dict[str, tuple[str, dict[str, Any]]] = {
    "git": (
        "environments.githosts.git.GitRepositories",
        {
            "cache": RELEASECLONE.data / "git",
            "local_allowed": RELEASECLONE.local_repositories,
        },
    ),
}
# What is asked through a connection of an account.
FORGE = "environments.githosts.github.GitHubRepositories"
ENGINES: dict[str, tuple[str, dict[str, Any]]] = {}
if RELEASECLONE.process_engine:
    ENGINES["process"] = (
        "environments.engines.process.engine.ProcessEngine",
        {"folder": RELEASECLONE.data / "process", "path": RELEASECLONE.path},
    )
if RELEASECLONE.docker_engine:
    ENGINES["docker"] = (
        "environments.engines.docker.engine.DockerEngine",
        {"installation": RELEASECLONE.installation},
    )
if RELEASECLONE.kubeconfig:
    ENGINES["kubernetes"] = (
        "environments.engines.kubernetes.KubernetesEngine",
        {"kubeconfig": RELEASECLONE.kubeconfig, "installation": RELEASECLONE.installation},
    )
# By the engine's kind: what provides the images that it runs, and what it is told of a context.
_BUILDER = "environments.builders.docker.builder.DockerBuilder"
BUILDERS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "docker": (_BUILDER, {"installation": RELEASECLONE.installation}, ("socket",)),
    "kubernetes": (
        _BUILDER,
        {"installation": RELEASECLONE.installation, "socket": RELEASECLONE.builder_socket},
        (),
    ),
}
# A cluster has an ingress of its own.
INGRESS: tuple[str, dict[str, Any]] | None = None
if RELEASECLONE.own_ingress:
    INGRESS = (
        "environments.ingress.caddy.CaddyIngress",
        {"socket": RELEASECLONE.sockets / "caddy.sock", "port": RELEASECLONE.ingress_port},
    )
