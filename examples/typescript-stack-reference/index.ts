// Shows the free GPU memory of the AI nodes that a Python program in another stack read. The service is not called.
import * as pulumi from "@pulumi/pulumi";
import { AiNode, fromStack } from "./envelope";

// The full name of the stack, such as organization/fleet/dev.
const fleet = new pulumi.StackReference(new pulumi.Config().require("fleet"));
const nodes = fromStack(fleet, "aiNodes");

// Returns the total free GPU memory of an AI instance, in GB; undefined if a value is missing.
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
