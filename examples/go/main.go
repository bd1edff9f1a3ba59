// Finds the AI nodes for a model that needs 40 GB of GPU memory on one node.
package main

import (
	"hologres-ai/sdk/go/hologres"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const neededGB = 40

func main() {
	pulumi.Run(program)
}

func program(ctx *pulumi.Context) error {
	// The resource is stored in the state, so a preview shows what has changed since the last update.
	nodes, err := hologres.NewAiNodeList(ctx, "nodes", &hologres.AiNodeListArgs{
		Statuses: pulumi.StringArray{hologres.NodeStatusResourceReady},
	})
	if err != nil {
		return err
	}
	ctx.Export("ids", nodes.Ids)
	ctx.Export("freeGpuMemory", nodes.Totals.GpuMemory().Free())
	ctx.Export("withRoom", nodes.InstanceModelList.ApplyT(withRoom).(pulumi.StringArrayOutput))
	return nil
}

// withRoom returns the IDs of the AI instances whose nodes are large enough and that have enough free GPU memory. Any
// field can be missing, because the API does not guarantee any field. The specification describes one node; the usage is
// the total of all nodes.
func withRoom(nodes []hologres.AiNode) []string {
	ids := []string{}
	for _, node := range nodes {
		if node.AiInstanceId == nil || node.NodeCount == nil || node.GpuMemory == nil || node.GpuMemoryUsed == nil {
			continue
		}
		free := *node.GpuMemory**node.NodeCount - *node.GpuMemoryUsed
		if *node.GpuMemory >= neededGB && free >= neededGB {
			ids = append(ids, *node.AiInstanceId)
		}
	}
	return ids
}
