"""The examples in the schema, one for each language; the tests compile them against the generated SDKs."""

FUNCTION_EXAMPLES = """
{{% examples %}}
## Example Usage
{{% example %}}
### AI nodes with a free GPU

The preview fails when no GPU is free.

```typescript
import * as hologres from "pulumi-hologres";

const nodes = hologres.getAiNodeListOutput({
    statuses: [hologres.NodeStatus.ResourceReady],
    requirements: { minFreeGpus: 1 },
});

export const ids = nodes.ids;
export const freeGpus = nodes.totals.gpu.free;
```
```python
import pulumi
import pulumi_hologres as hologres

nodes = hologres.get_ai_node_list_output(
    statuses=[hologres.NodeStatus.RESOURCE_READY],
    requirements={"min_free_gpus": 1},
)

pulumi.export("ids", nodes.ids)
pulumi.export("freeGpus", nodes.totals.gpu.free)
```
```go
package main

import (
	"hologres-ai/sdk/go/hologres"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		nodes := hologres.LookupAiNodeListOutput(ctx, hologres.LookupAiNodeListOutputArgs{
			Statuses:     pulumi.StringArray{hologres.NodeStatusResourceReady},
			Requirements: hologres.RequirementsArgs{MinFreeGpus: pulumi.Int(1)},
		})
		ctx.Export("ids", nodes.Ids())
		ctx.Export("freeGpus", nodes.Totals().Gpu().Free())
		return nil
	})
}
```
```yaml
variables:
  nodes:
    fn::invoke:
      function: hologres:getAiNodeList
      arguments:
        statuses:
          - ResourceReady
        requirements:
          minFreeGpus: 1
outputs:
  ids: ${nodes.ids}
  freeGpus: ${nodes.totals.gpu.free}
```
{{% /example %}}
{{% /examples %}}
"""

RESOURCE_EXAMPLES = """
{{% examples %}}
## Example Usage
{{% example %}}
### Detect changes of subscribed nodes

Usage changes all the time; without it, only changes of the nodes themselves are shown.

```typescript
import * as hologres from "pulumi-hologres";

const nodes = new hologres.AiNodeList("nodes", {
    chargeTypes: [hologres.ChargeType.PrePaid],
    includeUsage: false,
});

export const nodeCounts = nodes.instanceModelList.apply(list => list.map(node => node.nodeCount));
```
```python
import pulumi
import pulumi_hologres as hologres

nodes = hologres.AiNodeList("nodes", charge_types=[hologres.ChargeType.PRE_PAID], include_usage=False)

pulumi.export("nodeCounts", nodes.instance_model_list.apply(lambda listed: [node.node_count for node in listed]))
```
```go
package main

import (
	"hologres-ai/sdk/go/hologres"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		nodes, err := hologres.NewAiNodeList(ctx, "nodes", &hologres.AiNodeListArgs{
			ChargeTypes:  pulumi.StringArray{hologres.ChargeTypePrePaid},
			IncludeUsage: pulumi.Bool(false),
		})
		if err != nil {
			return err
		}
		ctx.Export("nodes", nodes.InstanceModelList)
		return nil
	})
}
```
```yaml
resources:
  nodes:
    type: hologres:AiNodeList
    properties:
      chargeTypes:
        - PrePaid
      includeUsage: false
outputs:
  nodes: ${nodes.instanceModelList}
```
{{% /example %}}
{{% /examples %}}
"""
