// SPDX-License-Identifier: Apache-2.0

// The real Docker Compose command line at the version pinned in go.mod, as one program: what
// `compose config` of ours is compared with. Run it as `peer config ARGS...`. No engine is needed.
package main

import (
	"os"

	"github.com/docker/cli/cli-plugins/metadata"
	"github.com/docker/cli/cli-plugins/plugin"
	"github.com/docker/cli/cli/command"
	"github.com/spf13/cobra"

	"github.com/docker/compose/v5/cmd/compatibility"
	commands "github.com/docker/compose/v5/cmd/compose"
)

func root(cli command.Cli) *cobra.Command {
	cmd := commands.RootCommand(cli, &commands.BackendOptions{})
	before := cmd.PersistentPreRunE
	cmd.PersistentPreRunE = func(c *cobra.Command, args []string) error {
		if err := plugin.PersistentPreRunE(c, args); err != nil {
			return err
		}
		if before != nil {
			return before(c, args)
		}
		return nil
	}
	return cmd
}

func main() {
	if plugin.RunningStandalone() {
		os.Args = append([]string{"docker"}, compatibility.Convert(os.Args[1:])...)
	}
	plugin.Run(root, metadata.Metadata{SchemaVersion: "0.1.0", Vendor: "tests", Version: "peer"})
}
