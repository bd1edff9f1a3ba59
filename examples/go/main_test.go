package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
)

var commands = map[string]func(context.Context, auto.Stack, []string) error{"preview": preview, "up": up}

// TestMain runs the program of main.go through the Automation API, on an engine without a Go language host:
//
//	go test -c -o inline
//	./inline preview|up STACK [--diff] [--expect-no-changes]
func TestMain(*testing.M) {
	if len(os.Args) < 3 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: inline preview|up STACK [--diff] [--expect-no-changes]")
		os.Exit(2)
	}
	ctx := context.Background()
	stack, err := open(ctx, os.Args[2])
	if err == nil {
		err = commands[os.Args[1]](ctx, stack, os.Args[3:])
	}
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\nstdout:") // the rest is the output of the engine, which was already printed
		fmt.Fprintln(os.Stderr, reason)
		os.Exit(1)
	}
}

func open(ctx context.Context, name string) (auto.Stack, error) {
	here := auto.WorkDir(".")
	workspace, err := auto.NewLocalWorkspace(ctx, here)
	if err != nil {
		return auto.Stack{}, err
	}
	project, err := workspace.ProjectSettings(ctx)
	if err != nil {
		return auto.Stack{}, err
	}
	return auto.SelectStackInlineSource(ctx, name, project.Name.String(), program, here)
}

func preview(ctx context.Context, stack auto.Stack, flags []string) error {
	options := []optpreview.Option{optpreview.ProgressStreams(os.Stdout), optpreview.ErrorProgressStreams(os.Stdout)}
	for _, flag := range flags {
		switch flag {
		case "--diff":
			options = append(options, optpreview.Diff())
		case "--expect-no-changes":
			options = append(options, optpreview.ExpectNoChanges())
		default:
			return fmt.Errorf("preview has no flag %s", flag)
		}
	}
	_, err := stack.Preview(ctx, options...)
	return err
}

func up(ctx context.Context, stack auto.Stack, flags []string) error {
	options := []optup.Option{optup.ProgressStreams(os.Stdout), optup.ErrorProgressStreams(os.Stdout)}
	for _, flag := range flags {
		switch flag {
		case "--diff":
			options = append(options, optup.Diff())
		case "--expect-no-changes":
			options = append(options, optup.ExpectNoChanges())
		default:
			return fmt.Errorf("up has no flag %s", flag)
		}
	}
	_, err := stack.Up(ctx, options...)
	return err
}
