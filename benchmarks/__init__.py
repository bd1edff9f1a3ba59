"""What hologres_ai costs beside the vendor's SDK and beside bare Pulumi resources: `make bench`.

Every figure is a ratio of two subjects, measured in alternation in one run: a time alone describes the machine.
`processes` and `previews` hold the rows and their targets; `reader`, `programs` and `bare` are what is measured.
"""
