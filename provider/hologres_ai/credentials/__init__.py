"""Credentials: which source is used, asking it, and caching what it returned.

`resolver` chooses the source from the settings (`key_pair` the AccessKey, `profile` the file of the CLI),
`providers` ask it (`sts`, `oauth`), and `cache` keeps the credentials. Plain keys need only `resolver`.
"""

from .types import Credentials, CredentialsSource, Limits

__all__ = ["Credentials", "CredentialsSource", "Limits"]
