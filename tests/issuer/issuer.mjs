// A real issuer for the tests of the resource server: the certified oidc-provider, on loopback.
//
//   node issuer.mjs [--port PORT] [--jwks FILE] [--cache-control VALUE]
//
// --port           any free port unless given
// --jwks           where the keys are kept over a restart; they are made if there is no such file
// --cache-control  the header of that name at the keys
//
// Besides what a provider has there are, for tests:
//   GET  /__requests  how often each path was asked for
//   POST /__rotate    new keys sign from now on; the old ones stay published
//   POST /__withdraw  only the newest keys stay published

import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { Keys } from "./keys.mjs";
import { provider } from "./provider.mjs";

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "0" }, jwks: { type: "string" }, "cache-control": { type: "string" } },
});
const keys = new Keys(options.jwks);
const requests = {};
let issuer, handle;

const controls = {
  "GET /__requests": () => requests,
  "POST /__rotate": () => publish(() => keys.rotate()),
  "POST /__withdraw": () => publish(() => keys.withdraw()),
};

function publish(change) {
  change();
  handle = provider(issuer, keys.all).callback();
  return keys.all.map(({ kid }) => kid);
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, issuer);
  const control = controls[`${request.method} ${pathname}`];
  if (control) return response.setHeader("content-type", "application/json").end(JSON.stringify(control()));
  requests[pathname] = (requests[pathname] ?? 0) + 1;
  if (pathname === "/jwks" && options["cache-control"]) response.setHeader("cache-control", options["cache-control"]);
  return handle(request, response);
});

// A port that was just given back may be in use for a moment, by a connection that is about to end.
let attempts = 100;
server.on("error", (error) => {
  if (error.code !== "EADDRINUSE" || --attempts === 0) throw error;
  setTimeout(listen, 100);
});
server.on("listening", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  publish(() => {});
  console.log(`listening on ${issuer}`);
});
listen();

function listen() {
  server.listen(Number(options.port), "127.0.0.1");
}
