"""A local service that implements ListInstanceModel, for experiments and tests.

It verifies every request: path, action, version, date, nonce, AccessKey, security token and the whole ACS3-HMAC-SHA256
signature. It serves a fleet from a JSON file that can be edited while it runs, and it fails in several ways on request.

Differences from the service, and behaviour that is not verified:

- RAM: every accepted AccessKey has all permissions. For a refusal, arm the fault ``denied`` or ``denied-explicitly``.
- Rate limits: only an armed fault throttles requests. Quotas, sizes and time limits of the service are not known.
- Regions: at its address, the emulator serves every node of its fleet for every region; under a name such as
  ``cn-hangzhou.localhost``, it serves the nodes of one region. Whether the service lists nodes of other regions is not
  known.
- ``instanceId``: the emulator filters by it, as the text of the vendor's page says, although the page's table lists no
  parameter. For an unknown instance the response is an empty list.
- A security token is compared with the configured one; if none is configured, any token is accepted.
- The order of the checks, the texts of the messages and the rarer error codes follow the documentation. They were not
  observed on the service.
- TLS, other API versions and all other actions of the product are not implemented.
"""

from .server import (
    EMULATOR_ACCESS_KEY_ID,
    EMULATOR_ACCESS_KEY_SECRET,
    EMULATOR_CREDENTIALS,
    REGION_TO_TRY,
    SHIPPED_FLEET,
    Emulator,
    environment,
    serve,
)

__all__ = [
    "EMULATOR_ACCESS_KEY_ID",
    "EMULATOR_ACCESS_KEY_SECRET",
    "EMULATOR_CREDENTIALS",
    "REGION_TO_TRY",
    "SHIPPED_FLEET",
    "Emulator",
    "environment",
    "serve",
]
