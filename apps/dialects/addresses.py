"""Where a request comes from, as far as proxies that we trust can tell."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

IPV6_BITS = 64
"""One customer of a provider has at least so large a network, so single addresses of it are worth nothing."""


def client_network(request: HttpRequest) -> str:
    """The client's IPv4 address, or its /64. Only the last TRUSTED_PROXIES entries of X-Forwarded-For are believed."""
    address = request.META.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if settings.TRUSTED_PROXIES and len(hops) >= settings.TRUSTED_PROXIES:
        address = hops[-settings.TRUSTED_PROXIES]
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, IPV6_BITS), strict=False))
    return str(parsed)
