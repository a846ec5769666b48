"""Who may ask: the holder of the one token."""

import hmac
import os
from types import SimpleNamespace


class BearerMiddleware:
    """Signs in a nameless user for the right token; django-scim2's own middleware refuses everyone else with 401."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        known = scheme.lower() == "bearer" and hmac.compare_digest(token, os.environ["SCIM_TOKEN"])
        request.user = SimpleNamespace(is_authenticated=known)
        return self.get_response(request)


def base_location(request=None, *args, **kwargs):
    """The origin as the client sees it, with its port."""
    return request.build_absolute_uri("/") if request else "http://127.0.0.1"
