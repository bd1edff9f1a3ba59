// Calls ListInstanceModel with one of the vendor's generic clients: a job a line on stdin, its outcome a line on stdout.
//
//     node client.js @alicloud/openapi-client
//
"use strict";

const readline = require("node:readline");

const library = require(process.argv[2]);
const shapes = library.$OpenApiUtil ?? library;
const { RuntimeOptions } = library.$OpenApiUtil ? require("@darabonba/typescript") : require("@alicloud/tea-util");

const PARAMS = new shapes.Params({
    action: "ListInstanceModel",
    version: "2022-06-01",
    protocol: "HTTP",
    pathname: "/api/v1/instances/rpc/listInstanceModel",
    method: "GET",
    authType: "AK",
    style: "ROA",
    reqBodyType: "json",
    bodyType: "json",
});

async function call(job) {
    const client = new library.default(new shapes.Config({ ...job.config, protocol: "http", regionId: "cn-hangzhou" }));
    const request = new shapes.OpenApiRequest({ query: job.query });
    try {
        const answer = await client.callApi(PARAMS, request, new RuntimeOptions({ autoretry: false }));
        return { body: answer.body };
    } catch (error) {
        const status = error.statusCode ?? error.data?.statusCode;
        return { error: { code: error.code, message: error.message, status } };
    }
}

async function main() {
    for await (const line of readline.createInterface({ input: process.stdin })) {
        console.log(JSON.stringify(await call(JSON.parse(line))));
    }
}

main();
