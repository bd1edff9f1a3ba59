"""Faults and invalid input: one table, staged with real servers, and two clients that are judged by it.

    certificates  a throw-away authority and the certificates of good and bad servers
    testbed       the servers of a row, and the environment of the client
    report        one call of a client, and all that it lets be seen
    package_client, official_client    the two clients, each as one function
    families      the families of rows, and the check of each
    table/        the rows
    worker        a client in a process of its own, with a limit of time and memory
    comparison    every row on both clients
    page          the comparison for a terminal, a pipe, a program and docs/reliability.md

`python -m tests.faults` compares; `test_table.py` holds every row against this package's client alone, and to more.
"""
