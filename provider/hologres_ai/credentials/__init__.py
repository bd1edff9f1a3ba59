"""Credentials: choose the source, fetch the credentials from it, and cache them.

`resolver` chooses the source from the settings, with `key_pair` for an AccessKey, and `profile` for the CLI
configuration file. `providers` fetches the credentials from the source, with `sts`, `oauth` and `command`. `cache`
stores them until they expire. Only `resolver` is used for an AccessKey in the settings.
"""

from .types import Credentials, CredentialsSource, Limits

__all__ = ["Credentials", "CredentialsSource", "Limits"]
