"""The wiring of one installation. Every value comes from the environment through `env`, or has a safe default."""

import base64
import secrets
from contextlib import suppress
from datetime import timedelta
from typing import Any

from corsheaders.defaults import default_headers
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.crypto import salted_hmac
from redis.backoff import NoBackoff
from redis.retry import Retry

from config import console, database_url, embedded, embedding, env, home, openapi, runners

VERSION = "0.1.0"
BASE_DIR = home.ROOT
DEBUG = env.flag("DEBUG", default=False)

# Keys and passwords: from the environment, else made at first start under .crossdock/
SECRET_KEY = env.text("SECRET_KEY") or home.kept("SECRET_KEY", lambda: secrets.token_urlsafe(50))
SEALING_KEYS = env.items("SEALING_KEYS") or [
    home.kept("SEALING_KEYS", lambda: f"k1:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}")
]
"""`id:base64 of 32 bytes`; the first seals, all open."""

# The web
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS")
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/(api|v1)/"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-none-match", "x-api-key"]
CORS_EXPOSE_HEADERS = ["Age", "ETag", "Link", "Location", "Retry-After", "X-Metadata-Refreshed-At", "X-Request-Id"]
CORS_EXPOSE_HEADERS += ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"]
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
WEB_THREADS = env.integer("WEB_THREADS", 8, least=2)
"""Of one web process; half of them may wait for interactive jobs at a time."""
IS_HTTPS = env.flag("HTTPS", default=False)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_AGE = env.integer("SESSION_SECONDS", 8 * 3600, least=60)
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
APPEND_SLASH = False  # an API is never redirected; the console's own slash redirect is the admin site's
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MAX_BODY_BYTES", 10 * 1024 * 1024, least=1024)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "config.apps.ConsoleConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "apps.dialects",
    "apps.accounts",
    "apps.jobs",
    "apps.connectors",
    "apps.connections",
    "apps.sources",
    "apps.flows",
    "config",
]
MIDDLEWARE = [
    "apps.dialects.middleware.envelope",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            "libraries": {"console": "apps.accounts.admin.tags"},
        },
    }
]
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
with suppress(OSError):
    STATIC_ROOT.mkdir(exist_ok=True)  # whitenoise warns of a missing folder, though its finders do without
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True  # no collectstatic is needed before the first start

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Stores: PostgreSQL and Redis at the given URLs, else embedded servers of our own
DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.text("REDIS_URL")
DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "config.database",
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": None,
        **(database_url.parse(DATABASE_URL) if DATABASE_URL else embedded.control_database()),
    }
}
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "application_name": "crossdock",
    "options": "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s",
    **DATABASES["default"].get("OPTIONS", {}),
}
CACHES = {
    "default": {
        "BACKEND": "apps.dialects.counters.CountingCache",
        "LOCATION": database_url.with_redis_database(REDIS_URL, 1) if REDIS_URL else embedded.control_redis_url(1),
        "KEY_PREFIX": "crossdock",
        "OPTIONS": {"socket_timeout": 0.2, "socket_connect_timeout": 0.2, "retry": Retry(NoBackoff(), 0)},
    }
}

# Who calls
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=1),
    "ALGORITHM": "HS256",
    "ISSUER": "crossdock",
    "AUDIENCE": "crossdock",
    "SIGNING_KEY": salted_hmac("crossdock.jwt", "signing", secret=SECRET_KEY, algorithm="sha256").hexdigest(),
    "USER_ID_FIELD": "uid",
    "USER_ID_CLAIM": "sub",
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.api.authentication.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.dialects.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.dialects.throttling.DialectThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["apps.dialects.rendering.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.dialects.parsing.JsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.dialects.rendering.FirstRenderer",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "apps.dialects.errors.handle",
}
SPECTACULAR_SETTINGS = openapi.settings(VERSION)
RATE_LIMITS = RATELIMIT_ENABLE = env.flag("RATE_LIMITS", default=True)
DATABASIN_RATE_LIMIT = env.integer("DATABASIN_RATE_LIMIT", 1000, least=1)
SOURCES_RATE_LIMIT = env.integer("SOURCES_RATE_LIMIT", 600, least=1)
"""Requests a minute of one caller."""

# The queue carries ids of jobs, nothing else: losing or repeating one changes nothing but delay
CELERY_BROKER_URL = database_url.broker(REDIS_URL) if REDIS_URL else embedded.control_broker_url(0)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "retry_on_timeout": True,
    "health_check_interval": 30,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "sync"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20.0
CELERY_WORKER_MAX_TASKS_PER_CHILD = 200
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 350_000
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CONCURRENCY = env.integer("JOB_SYNC_SLOTS", 2, least=1) + 1
CELERY_TIMEZONE = "UTC"

# What may be reached and opened
EGRESS_ALLOW = env.items("EGRESS_ALLOW")
"""Networks in CIDR notation that every organisation's connections may reach although they are private."""
EGRESS_DENY = [] if env.flag("EGRESS_OWN", default=False) else database_url.endpoints(DATABASES["default"], REDIS_URL)
"""Our own servers as (host, port): no connection leads there, unless EGRESS_OWN says that they serve others too."""
FILE_ROOTS = [home.ROOT / path for path in env.items("FILE_ROOTS", str(home.folder() / "files"))]

FOLLOW_MOST_BYTES = env.integer("FOLLOW_MOST_BYTES", 4 * 1024**3, least=1)
"""So much of a source's journal may be kept for us; above it, following is dropped and begins anew."""

# What gives records their vectors
EMBEDDING = embedding.settings()

# Jobs
JOB_RUNNERS = runners.table()
JOB_LEASE_SECONDS = env.seconds("JOB_LEASE_SECONDS", 60)
JOB_SYNC_SLOTS = env.integer("JOB_SYNC_SLOTS", 2, least=1)
"""How many jobs of the queue `sync` one worker runs at a time; its concurrency is one more, for `interactive`."""
JOB_ORGANIZATION_SLOTS = env.integer("JOB_ORGANIZATION_SLOTS", 1, least=1)
"""So many of all workers' slots an organisation keeps while others wait."""
JOB_ATTEMPTS = env.integer("JOB_ATTEMPTS", 5, least=1)
"""After so many attempts in a row without any progress a job fails."""
JOB_SPREAD_SECONDS = min(30, env.integer("JOB_SPREAD_SECONDS", 10))
"""Over so many seconds at most a crowd of schedules is spread that are due together."""
JOB_INTERACTIVE_SECONDS = env.seconds("JOB_INTERACTIVE_SECONDS", 90)
"""So long may a job of the queue `interactive` take."""
JOB_STANDSTILL_SECONDS = env.seconds("JOB_STANDSTILL_SECONDS", 600)
"""So long may a job move nothing before it is taken for dead and goes on elsewhere."""
JOB_RECORD_ERRORS = env.integer("JOB_RECORD_ERRORS", 20_000, least=1)
"""So many refused records of each step of a job are kept; those above are counted."""
JOB_RESULT_SECONDS = 3600
JOB_WAIT_SECONDS = env.seconds("JOB_WAIT_SECONDS", 25)
"""How long a request waits for an interactive job before it answers 202."""

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.LineFormatter"}},
    "filters": {"redaction": {"()": "engine.toolkit.masking.Redaction"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["redaction"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO").upper()},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
        "paramiko": {"level": "WARNING"},  # else two lines for every connection
        "httpx2": {"level": "WARNING"},  # else every address that is asked for, with its query
    },
}

# The console
CONSOLE_POLICY = console.POLICY
UNFOLD = {
    "SITE_TITLE": "Crossdock",
    "SITE_HEADER": "Crossdock",
    "SITE_URL": None,
    "SITE_ICON": lambda _request: static("console/crossdock.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("console/crossdock.svg")},
    ],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "apps.flows.admin.home.home",
    "STYLES": [lambda _request: static("console/console.css")],
    "COLORS": {"primary": console.BLUE},
    "SIDEBAR": {"navigation": console.NAVIGATION},
}
