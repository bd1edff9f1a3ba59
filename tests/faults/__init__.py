"""Faults and invalid input: one table of rows, run with real servers against two clients.

    certificates  a temporary authority and the certificates of good and bad servers
    testbed       the servers of a row, and the environment of the client
    report        one call of a client, and everything that can be observed of it
    package_client, official_client    the two clients, each as one function
    families      the families of rows, and the check of each
    table/        the rows
    worker        a client in a separate process, with limits of time and memory
    comparison    every row on both clients
    page          the comparison for a terminal, a pipe, a program and docs/reliability.md

`python -m tests.faults` compares both clients. `test_table.py` runs every row with this package's client, and checks
more.
"""
