// Where does the fleet of another stack have room? Its Python program reads the AI nodes; here nothing is called.
import * as pulumi from "@pulumi/pulumi";
import { AiNode, fromStack } from "./envelope";

// Such as organization/fleet/dev.
const fleet = new pulumi.StackReference(new pulumi.Config().require("fleet"));
const nodes = fromStack(fleet, "aiNodes");

// GPU memory left over all nodes of an entry, in GB; undefined where a figure is missing.
function freeGpuMemory({ gpuMemory, nodeCount, gpuMemoryUsed }: AiNode): number | undefined {
    return gpuMemory == null || nodeCount == null || gpuMemoryUsed == null
        ? undefined
        : gpuMemory * nodeCount - gpuMemoryUsed;
}

export const region = nodes.region;
export const freeGpus = nodes.totals.gpu.free;
export const room = nodes.instanceModelList.apply(listed =>
    Object.fromEntries(listed.map(node => [node.aiInstanceId ?? "?", freeGpuMemory(node)])),
);
