// Finds the authorization server of an MCP server from its 401, gets a token there, and calls a tool.
// If a 403 names a missing scope, it gets a token with that scope and calls again.
//
//   node sign_in.mjs URL CLIENT TOOL
//
// The client authenticates by its name alone, as tests/issuer has it.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { extractWWWAuthenticateParams } from "@modelcontextprotocol/sdk/client/auth.js";
import { ClientCredentialsProvider } from "@modelcontextprotocol/sdk/client/auth-extensions.js";

const [url, name, tool] = process.argv.slice(2);
const outcome = { scopes: [] };

async function attempt(scope) {
  const authProvider = new ClientCredentialsProvider({ clientId: name, clientSecret: name, scope });
  let missing;
  const watched = async (...request) => {
    const response = await fetch(...request);
    if (response.status === 403) missing = extractWWWAuthenticateParams(response).scope;
    return response;
  };
  const client = new Client({ name: "auth-tests", version: "1.0.0" });
  try {
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider, fetch: watched }));
    outcome.tools = (await client.listTools()).tools.map(({ name }) => name);
    outcome.result = await client.callTool({ name: tool, arguments: {} });
  } catch (error) {
    outcome.error = { code: error.code, message: error.message };
  } finally {
    await client.close();
  }
  return missing;
}

const missing = await attempt();
if (missing) {
  outcome.scopes.push(missing);
  await attempt(missing);
}
console.log(JSON.stringify(outcome));
