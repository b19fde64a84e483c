"""Keeps away the web pages of other hosts, which may reach a port of this machine, too."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import Forbidden

_EXPECTED = "expected localhost, 127.0.0.1 or [::1]"


def is_local(name: str) -> bool:
    """Whether a host's name or IP address always means the machine that it is used on."""
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def refuse_other_hosts() -> None:
    """Raises `Forbidden` for a request that only a web page of another host can have sent.

    Such a page has another `Host` where its DNS name was bound to this machine after it was
    loaded, and another `Origin` where it posts to an address of this machine.
    """
    if not is_local(_name_in(f"//{request.host}")):
        raise Forbidden(f"The Host {request.host!r} is not this machine: {_EXPECTED}.")
    origin = request.headers.get("Origin")
    if request.method == "POST" and origin is not None and not is_local(_name_in(origin)):
        raise Forbidden(f"The Origin {origin!r} is not this machine: {_EXPECTED}.")


def _name_in(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # a bracket without the other one
        return ""
