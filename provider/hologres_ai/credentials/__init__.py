"""Credentials: choose the source, fetch the credentials from it, and cache them.

`resolver` chooses the source from the settings, with `key_pair` for an AccessKey and `profile` for the file of the CLI.
`providers` fetches the credentials from the source, with `sts` and `oauth`. `cache` stores them until they expire. An
AccessKey in the settings needs only `resolver`.
"""

from .types import Credentials, CredentialsSource, Limits

__all__ = ["Credentials", "CredentialsSource", "Limits"]
