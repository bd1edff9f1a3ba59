// Command sdkgen writes the SDKs of a Pulumi package with Pulumi's own generators.
//
//	sdkgen check <schema.json>                     binds the schema as the engine does
//	sdkgen write <schema.json> <version> <folder>  writes python, nodejs and go into a folder
//
// A schema that binds with any diagnostic at all, a warning included, is refused.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// tool is named in the header of every generated file.
const tool = "`make sdk`"

type files = map[string][]byte

var generators = map[string]func(*schema.Package) (files, error){
	"go": func(pkg *schema.Package) (files, error) {
		return gogen.GeneratePackage(tool, pkg, nil)
	},
	"nodejs": func(pkg *schema.Package) (files, error) {
		// A local SDK compiles itself when it is installed from its folder.
		return nodejs.GeneratePackage(tool, pkg, nil, nil, true, nil)
	},
	"python": func(pkg *schema.Package) (files, error) {
		found, err := python.GeneratePackage(tool, pkg, nil, nil)
		if err == nil {
			// pyproject.toml names it here, the generator writes it there.
			found["README.md"] = found["pulumi_hologres/README.md"]
		}
		return found, err
	},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sdkgen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "check":
		_, err := bind(args[1], "")
		return err
	case len(args) == 4 && args[0] == "write":
		return write(args[1], args[2], args[3])
	}
	return errors.New("want check <schema.json>, or write <schema.json> <version> <folder>")
}

func bind(path, version string) (*schema.Package, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	spec.Version = version // the SDKs ask for the plugin of their own version; the file itself has none
	pkg, diagnostics, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	for _, diagnostic := range diagnostics {
		err = errors.Join(err, fmt.Errorf("%s: %w", path, diagnostic))
	}
	return pkg, err
}

func write(path, version, folder string) error {
	for language, generate := range generators {
		// Bound anew for each: a generator decodes its own part of the package in place.
		pkg, err := bind(path, version)
		if err != nil {
			return err
		}
		found, err := generate(pkg)
		if err != nil {
			return fmt.Errorf("%s: %w", language, err)
		}
		if err := save(filepath.Join(folder, language), found); err != nil {
			return err
		}
	}
	return nil
}

func save(folder string, found files) error {
	for name, content := range found {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
