"""Credentials: choose the source, fetch the credentials from it, and cache them.

`resolver` chooses the source from the settings. It uses `key_pair` for an AccessKey, and `profile` for a CLI
configuration file. `providers` fetches the credentials from the source. It uses `sts`, `oauth` and `command`. `cache`
stores the credentials until they expire. For an AccessKey in the settings without a role to assume, `providers` and
`cache` are not used.
"""

from .types import Credentials, CredentialsSource, Limits

__all__ = ["Credentials", "CredentialsSource", "Limits"]
