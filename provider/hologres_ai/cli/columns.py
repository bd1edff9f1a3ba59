"""The columns of the list in a pipe, as data, so that ``--help`` can tell them without importing the core.

A column keeps its number for good; new ones come last.
"""

# What it is, and where it comes from: a field of `models.AiNode`, or of the node's `models.Totals`.
COLUMNS = (
    ("region", "region_id"),
    ("Hologres instance ID", "holo_instance_id"),
    ("Hologres instance name", "holo_instance_name"),
    ("AI instance ID", "ai_instance_id"),
    ("specification", "ai_spec"),
    ("number of nodes", "node_count"),
    ("GPU cards used", "gpu.used"),
    ("GPU cards", "gpu.capacity"),
    ("free GPU cards", "gpu.free"),
    ("GPU memory used, GB", "gpu_memory.used"),
    ("GPU memory, GB", "gpu_memory.capacity"),
    ("free GPU memory, GB", "gpu_memory.free"),
    ("CPU cores used", "cpu.used"),
    ("CPU cores", "cpu.capacity"),
    ("memory used, GiB", "memory.used"),
    ("memory, GiB", "memory.capacity"),
    ("status", "status"),
    ("charge type", "charge_type"),
    ("expiry, UTC", "expiration_time"),
    ("auto renewal", "auto_renewal"),
)
