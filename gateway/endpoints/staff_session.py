"""The short session of the dashboard: a signed cookie on its own path that names a token, never carries one."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from itsdangerous import BadSignature, Signer
from starlette.requests import Request

from gateway.config.tokens import Role, Tokens
from gateway.types import Clock

SECONDS: Final = 3600
"""How long a sign-in lasts."""
_NAME: Final = "staff"


class StaffSession:
    """Issues and reads the cookie; `path` is the dashboard's own. `keys` are the signing keys, oldest first."""

    def __init__(self, keys: Sequence[bytes], path: str, tokens: Tokens, clock: Clock) -> None:
        self._signer = Signer(list(keys), salt=f"staff {path}", digest_method=sha256, key_derivation="hmac")
        self._path = path
        self._tokens = tokens
        self._clock = clock

    def set_cookie(self, token_id: str, scheme: str) -> str:
        """The `Set-Cookie` line of a sign-in with that token; an empty id signs out."""
        value = self._signer.sign(f"{token_id}.{int(self._clock()) + SECONDS}").decode() if token_id else ""
        age = SECONDS if token_id else 0
        secure = "; Secure" if scheme == "https" else ""
        return f"{self._name(scheme)}={value}; Max-Age={age}; Path={self._path}; HttpOnly; SameSite=Strict{secure}"

    def holds(self, request: Request, role: Role) -> bool:
        """Whether the request comes from a sign-in, not over yet, with a token of `role` that is still one."""
        value = request.cookies.get(self._name(request.scope["scheme"]), "")
        try:
            id, _, until = self._signer.unsign(value.encode("utf-8", "replace")).decode().partition(".")
        except BadSignature:
            return False
        known = any(token.id == id and token.role == role for token in self._tokens.all())
        return known and int(until) > self._clock()

    def _name(self, scheme: str) -> str:
        return f"__Secure-{_NAME}" if scheme == "https" else _NAME
