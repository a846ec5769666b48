"""Django settings of the django-scim2 server: one SQLite file, one bearer token, one address."""

import os

SECRET_KEY = os.environ["SCIM_TOKEN"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "directory.User"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_scim", "directory"]
MIDDLEWARE = ["bearer.BearerMiddleware", "django_scim.middleware.SCIMAuthCheckMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["DJANGO_DATABASE"],
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
SCIM_SERVICE_PROVIDER = {
    "SCHEME": "http",
    "NETLOC": "127.0.0.1",
    "BASE_LOCATION_GETTER": "bearer.base_location",
    "GROUP_MODEL": "directory.models.Group",
    "GROUP_ADAPTER": "django_scim.adapters.SCIMGroup",
    "USER_ADAPTER": "django_scim.adapters.SCIMUser",
    "WWW_AUTHENTICATE_HEADER": 'Bearer realm="django-scim2"',
    "AUTHENTICATION_SCHEMES": [
        {"type": "oauthbearertoken", "name": "Bearer token", "description": "RFC 6750", "primary": True}
    ],
}
