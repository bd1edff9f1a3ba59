// Reads the object that a Python program exported with nodes.export("aiNodes"). The object has a kind and a version.
import * as pulumi from "@pulumi/pulumi";
import type { types } from "pulumi-hologres";

export type AiNode = types.output.AiNode;

/** The AI nodes of another stack at its last update. Any field of a node can be missing. */
export interface AiNodes {
    region: string;
    instanceModelList: AiNode[];
    ids: string[];
    names: string[];
    totals: types.output.Totals;
    fingerprint: string;
    regionOutcomes?: types.output.RegionOutcome[];
}

const KIND = "hologres-ai/AiNodeList";
const VERSION = 1;
const USAGE = ["cpuUsed", "memoryUsed", "gpuUsed", "gpuMemoryUsed"] as const;
const FIGURES = ["nodeCount", "cpu", "memory", "gpu", "gpuMemory", ...USAGE] as const;

/** Returns the nodes in an output of another stack. They are known during a preview, and secret if the output is. */
export function fromStack(reference: pulumi.StackReference, name: string): pulumi.Output<AiNodes> {
    return pulumi
        .all([reference.name, reference.getOutput(name)])
        .apply(([stack, value]) => fromEnvelope(value, `the output "${name}" of the stack ${stack}`));
}

/** Returns the nodes in an envelope. Errors contain `place`. Pulumi shows a RunError without a stack trace. */
export function fromEnvelope(value: unknown, place: string): AiNodes {
    if (!isObject(value) || value.kind !== KIND) {
        throw new pulumi.RunError(`${place} is not a list of AI nodes: write it with nodes.export(...)`);
    }
    if (value.version !== VERSION) {
        throw new pulumi.RunError(`${place} has version ${value.version}; this program reads version ${VERSION}`);
    }
    if (!Array.isArray(value.instanceModelList) || !value.instanceModelList.every(isNode)) {
        throw new pulumi.RunError(`${place} is invalid: it was modified after it was written; export it again`);
    }
    return value as unknown as AiNodes; // the other fields are derived from the nodes and were written with them
}

function isNode(value: unknown): boolean {
    return isObject(value) && FIGURES.every(name => value[name] == null || Number.isSafeInteger(value[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}
