// Calls an MCP server with the official SDK, and prints what happened as one JSON object.
//
//   node client.mjs URL '{"X-API-Key": "..."}' TOOL ['{"argument": "value"}']

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, headers, tool, args = "{}"] = process.argv.slice(2);
const client = new Client({ name: "auth-tests", version: "1.0.0" });
const outcome = {};
try {
  const requestInit = { headers: JSON.parse(headers) };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  outcome.server = client.getServerVersion();
  outcome.tools = (await client.listTools()).tools.map(({ name }) => name);
  outcome.result = await client.callTool({ name: tool, arguments: JSON.parse(args) });
} catch (error) {
  outcome.error = { code: error.code, message: error.message };
} finally {
  await client.close();
}
console.log(JSON.stringify(outcome));
