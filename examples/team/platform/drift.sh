#!/usr/bin/env bash
# A scheduled CI job: compare the AI nodes with those that the stack read at its last update.
#
# The exit code is the result: 0 no drift, 2 drift (the report is in drift.md), 1 the comparison failed.
# The job needs the state of the stack (`pulumi login`) and an AccessKey that may list the AI nodes.
hologres-ai drift --stack "${1:-prod}" --markdown > drift.md
