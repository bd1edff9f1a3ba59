"""A local service that implements ListInstanceModel, for experiments and tests.

It verifies every request: path, action, version, date, nonce, AccessKey, security token and the whole ACS3-HMAC-SHA256
signature. It serves a fleet from a JSON file that can be edited while it runs, and it fails on request.

What it does not imitate:

- RAM: the one AccessKey may do everything; a refusal is armed as the fault ``denied`` or ``denied-explicitly``.
- Rate limits: nothing is throttled unless it is armed. Quotas, sizes and time limits of the service are not known.
- Regions: at its address it serves every node of its fleet for every region; under a name such as
  ``cn-hangzhou.localhost`` it serves the nodes of one region. Whether the service lists nodes of other regions is not
  known.
- ``instanceId``: it is applied, as the text of the vendor's page says; the page's table lists no parameter. For an
  unknown instance the response is an empty list.
- A security token is compared with the configured one; if none is configured, any token is accepted.
- The order of the checks, the words of the messages and the rarer error codes follow the documentation; they were not
  observed.
- TLS, other API versions and every other action of the product.
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
