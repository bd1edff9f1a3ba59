#!/usr/bin/env bash
# A scheduled CI job. It compares the AI nodes with the nodes that the stack read during its last update.
#
# Exit codes: 0 if there is no drift, 2 if there is drift (the report is in drift.md), 1 if the comparison failed.
# The job needs the state of the stack (`pulumi login`) and an AccessKey with permission to list the AI nodes.
hologres-ai drift --stack "${1:-prod}" --markdown > drift.md
