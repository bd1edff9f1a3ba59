"""A local service that implements ListInstanceModel, for experiments and tests.

The emulator verifies every request: the path, action, version, date, nonce, AccessKey, security token and the complete
ACS3-HMAC-SHA256 signature. It returns the nodes of a fleet file in JSON format, which can be edited while the emulator
runs. Faults can be armed to test error handling.

Differences from the service, and behaviour that is not verified:

- RAM: every accepted AccessKey has all permissions. To test an access denial, arm the fault ``denied`` or
  ``denied-explicitly``.
- Rate limits: requests are throttled only by an armed fault. The quotas, size limits and time limits of the service are
  not known.
- Regions: at its IP address, the emulator returns all nodes for every region. At a host name such as
  ``cn-hangzhou.localhost``, it returns the nodes of one region. It is not known whether the service also returns nodes
  of other regions.
- ``instanceId``: the emulator filters by this parameter. It is described in the text of the API documentation, but is
  missing in the table of parameters. For an unknown instance, the response is an empty list.
- A security token must be equal to the configured token. If no token is configured, any token is accepted.
- The order of the checks, the messages and the less frequent error codes are based on the documentation. They were not
  verified with the service.
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
