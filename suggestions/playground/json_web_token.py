"""JSON Web Tokens (RFC 7519) with HMAC and SHA-256, as far as a login needs them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time


def issue(identity: str, lifetime: float, secret: bytes) -> str:
    """A token that expires in `lifetime` seconds; below 0 it has expired already."""
    now = time.time()
    begin = int(min(now, now + lifetime - 1))
    claims = {"identity": identity, "iat": begin, "nbf": begin, "exp": int(now + lifetime)}
    head = f"{_encoded({'alg': 'HS256', 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{head}.{_signature(head, secret)}"


def is_valid(token: str, secret: bytes) -> bool:
    """Whether `issue` made the token, with this secret, and it has not expired."""
    head, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(head, secret).encode()):
        return False
    claims = json.loads(_decoded(head.partition(".")[2]))
    return bool(time.time() < claims["exp"])


def _signature(head: str, secret: bytes) -> str:
    return _text(hmac.new(secret, head.encode(), hashlib.sha256).digest())


def _encoded(value: object) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
