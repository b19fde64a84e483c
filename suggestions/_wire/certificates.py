"""Which certificates count over TLS, if the caller gives no session: those of the environment or
the system."""

from __future__ import annotations

import os
import re
import ssl
from typing import Any

_OF_REQUESTS = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FILE, _DIRECTORY = "SSL_CERT_FILE", "SSL_CERT_DIR"
_INVALID = r"invalid path: (.+)"


def trust(settings: dict[str, Any], is_secure: bool) -> str | None:
    """The value of requests' `verify`; what that cannot say is added to the `settings` of urllib3.

    The variables of requests come first, which it reads itself if this is None; then those of
    OpenSSL; then the system's own store, if `truststore` is installed; then the authorities that
    come with requests.
    """
    if any(map(os.environ.get, _OF_REQUESTS)):
        return None
    file, directories = os.environ.get(_FILE), os.environ.get(_DIRECTORY)
    if not (file or directories):
        context = _system_store() if is_secure else None
        if context is not None:
            settings["ssl_context"] = context
        return None
    if file and directories:
        settings["ca_cert_dir"] = directories
    # OpenSSL takes several directories, requests one.
    return file or next(filter(os.path.isdir, str(directories).split(os.pathsep)), directories)


def missing(error: BaseException) -> str | None:
    """What is wrong, if requests says that there are no certificates where they should be."""
    found = re.search(_INVALID, str(error)) if isinstance(error, OSError) else None
    if found is None:
        return None
    names = (*_OF_REQUESTS, _FILE, _DIRECTORY)
    name = next((name for name in names if os.environ.get(name) == found[1]), None)
    owner = f"the variable {name}" if name else "the session"
    return f"{owner} names {found[1]} for its certificates, which does not exist"


def _system_store() -> ssl.SSLContext | None:
    try:
        import truststore
    except ImportError:
        return None
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
