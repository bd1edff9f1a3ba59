"""What this costs, beside the vendor's SDK, the engine's own floor and an empty program: `make bench`.

    fleet       the nodes that everybody reads
    server      hands them out, ready-made, from a process of its own
    child       what is measured in a fresh interpreter
    measuring   in alternation, several rounds, the middle of them
    rows        a line of the table: a ratio, a target, a verdict
    plain       imports, the command line, reads, drift
    engine      previews, and the plugin's start
    floor/      a bare dynamic resource and a bare plugin that return a constant: what Pulumi itself costs
    report      the table, for people, pipes, programs and the documentation
    plot        cost against nodes
    profile     where the time goes, step by step

A time alone says little, for it is the machine's as much as ours. So every figure is a ratio of two that were taken in
alternation in one run.
"""
