// `pulumi preview` and `pulumi up` for the Node.js program in this folder, on an engine without a Node.js language host.
//
//     node tools/inline.mjs preview|up STACK [--diff] [--expect-no-changes]
//
// The program, compiled by tsc into bin/, runs as an inline program of its own Pulumi's Automation API.
import { createRequire } from "node:module";
import { join } from "node:path";

const USAGE = "usage: inline.mjs preview|up STACK [--diff] [--expect-no-changes]";
const [command, stackName, ...flags] = process.argv.slice(2);
const known = flags.every(flag => ["--diff", "--expect-no-changes"].includes(flag));
if (!["preview", "up"].includes(command) || !stackName || !known) {
    console.error(USAGE);
    process.exit(2);
}

const workDir = process.cwd();
const require = createRequire(join(workDir, "package.json"));
const { CommandError, LocalWorkspace } = require("@pulumi/pulumi/automation");

const { name: projectName } = await (await LocalWorkspace.create({ workDir })).projectSettings();
const program = async () => require("./bin/index.js");
const stack = await LocalWorkspace.selectStack({ stackName, projectName, program }, { workDir });
const write = text => process.stdout.write(text);
try {
    await stack[command]({
        onOutput: write,
        onError: write,
        diff: flags.includes("--diff"),
        expectNoChanges: flags.includes("--expect-no-changes"),
    });
} catch (error) {
    if (!(error instanceof CommandError)) {
        throw error;
    }
    process.exitCode = 1; // the engine has printed the reason
}
