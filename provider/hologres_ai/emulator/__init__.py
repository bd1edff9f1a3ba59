"""A local service that speaks ListInstanceModel, for trying things out and for tests.

It is strict about what a request must be: path, action, version, date, nonce, AccessKey, security token and the whole
ACS3-HMAC-SHA256 signature. It serves a fleet from a JSON file that can be edited while it runs, and fails on request.

What it does not imitate:

- RAM: whoever holds the one AccessKey may do everything; a refusal has to be armed as the fault ``denied``.
- Rates: nothing is throttled unless armed. Quotas, sizes and time limits of the service are not known here.
- Regions: at its address it serves every node of its fleet whatever region was meant, and under a name such as
  ``cn-hangzhou.localhost`` those of one. Whether the service lists other regions' nodes is not known.
- ``instanceId``: it is heeded, as the vendor's prose says; the vendor's table lists no parameter. For an unknown
  instance the answer is an empty list.
- A security token is compared with the configured one; where none is configured, any is let pass.
- The order of the checks, the words of the messages and the rarer error codes are likely, not observed.
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
