// The documentation pages of the examples in Chromium: each scheme of the Authorize dialog lets the reader call an
// operation, and the page asks nothing of any other host.
//
// Needs the demo (`cargo build`) and Chromium (`CHROMIUM` names it, /usr/bin/chromium if not set).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
const pictures = `${target}/browser`;

// In milliseconds; only a bound, as a machine may be slow.
const patience = 120_000;

const secret = randomBytes(32).toString("hex");

let demo, server, address, serverAddress, passwords, key, browser;

before(async () => {
  await mkdir(pictures, { recursive: true });
  // Users of its own, who are made at each start.
  const env = { ...process.env, AUTH_DB_URI: "sqlite::memory:" };
  demo = spawn(`${target}/debug/demo`, ["--port", "0"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const welcome = await read(demo.stdout, /the log follows/i);
  address = welcome.match(/listens on (http:\S+)/)[1];
  key = welcome.match(/API key of .*\s+(\S+)/)[1];
  passwords = Object.fromEntries([...welcome.matchAll(/^ {2}(\w+) +(?:Viewer|User|Administrator) +(\S+)$/gm)].map((m) => [m[1], m[2]]));
  server = spawn(`${target}/debug/resource_server`, [], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { AUTH_ISSUER: "https://issuer.example", AUTH_AUDIENCES: '["entries"]', AUTH_HS256_SECRET: secret, PORT: "0" },
  });
  serverAddress = (await read(server.stdout, /documentation at/)).match(/listens on (http:[^,\s]+)/)[1];
  browser = await chromium.launch({
    timeout: patience,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}, { timeout: patience });

after(async () => {
  await browser?.close();
  demo?.kill();
  server?.kill();
});

test("the OAuth 2 password flow of the dialog gets a token and sends it", async () => {
  await withPage(async (page) => {
    await authorize(page, "access_token", async (form) => {
      await form.locator("#oauth_username").fill("alice");
      await form.locator("#oauth_password").fill(passwords.alice);
    });
    const { status, request } = await tryOut(page);
    assert.equal(status, 200);
    assert.match(request.headers().authorization, /^Bearer /);
  });
});

test("user name and password of the dialog are sent", async () => {
  await withPage(async (page) => {
    await authorize(page, "password", async (form) => {
      await form.locator('input[name="username"]').fill("alice");
      await form.locator('input[name="password"]').fill(passwords.alice);
    });
    const { status, request } = await tryOut(page);
    assert.equal(status, 200);
    assert.match(request.headers().authorization, /^Basic /);
  });
});

test("the API key of the dialog is sent", async () => {
  await withPage(async (page) => {
    await authorize(page, "key", (form) => form.locator("input").fill(key));
    const { status, request } = await tryOut(page);
    assert.equal(status, 200);
    assert.equal(request.headers()["x-api-key"], key);
  });
});

test("the bearer token of the dialog is sent", async () => {
  await withPage(async (page) => {
    await authorize(page, "access_token", (form) => form.locator("input").fill(token()));
    const { status, request } = await tryOut(page, serverAddress, "/users/me/permissions");
    assert.equal(status, 200);
    assert.equal(request.headers().authorization, `Bearer ${token()}`);
  }, serverAddress);
});

/** A token of the issuer whose secret the resource server knows. */
function token() {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { iss: "https://issuer.example", aud: "entries", sub: "alice", exp: 4102444800 };
  const signed = `${encode({ alg: "HS256", typ: "at+jwt" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A fresh page of the documentation; fails if it asked anything of another host. */
async function withPage(use, at = address) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1200 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const foreign = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${at}/`) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  try {
    await page.goto(`${at}/docs`);
    await page.locator(".opblock").first().waitFor();
    await use(page);
    assert.deepEqual(foreign, [], "the page works offline");
  } finally {
    await context.close();
  }
}

/** Fills one scheme of the Authorize dialog. */
async function authorize(page, scheme, fill) {
  await page.locator(".auth-wrapper .authorize").first().click();
  const form = page.locator(".auth-container").filter({ has: page.locator("h4", { hasText: new RegExp(`^${scheme}\\b`) }) });
  await fill(form);
  await page.screenshot({ path: `${pictures}/authorize-${scheme}.png` });
  await form.locator(".auth-btn-wrapper .authorize").click();
  await form.getByText("Logout").waitFor();
  await page.locator(".auth-btn-wrapper .btn-done").first().click();
}

/** Calls a `GET` operation as a reader does. */
async function tryOut(page, at = address, path = "/entries") {
  const operation = page.locator(".opblock-get").filter({ has: page.locator(`[data-path="${path}"]`) });
  await operation.locator(".opblock-summary-control").click();
  await operation.locator(".try-out__btn").click();
  const answered = page.waitForResponse(`${at}${path}`);
  await operation.locator(".execute").click();
  const answer = await answered;
  await operation.locator(".live-responses-table").waitFor();
  await page.screenshot({ path: `${pictures}/answer-${answer.status()}.png`, fullPage: true });
  return { status: answer.status(), request: answer.request() };
}

/** What a stream says until it matches. */
async function read(stream, until) {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
    if (until.test(text)) return text;
  }
  throw new Error(`the demo ended: ${text}`);
}
