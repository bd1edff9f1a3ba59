"""Comparison of hologres_ai with the vendor's SDK and with bare Pulumi resources: `make bench`.

Every result is a ratio of two subjects that are measured alternately in one run, because times depend on the machine.
`processes` and `previews` define the rows and their targets; `reader`, `programs` and `bare` are the subjects.
"""
