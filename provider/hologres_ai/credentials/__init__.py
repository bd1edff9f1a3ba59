"""Credentials, however a company hands them out.

`choosing` finds the source that is set, `profile` reads the CLI's file, `fetching` asks the source and the roles on top
of it through `library`, and `refreshing` keeps what came fresh. Plain keys need none but the first.
"""

from .types import Credentials, CredentialsSource, Limits

__all__ = ["Credentials", "CredentialsSource", "Limits"]
