// The pages of a user's own account in Chromium, in light and dark, without scripts: a new password by the link in a mail, and
// an authenticator app.
//
// Needs the example (`cargo build --bin account`) and Chromium (`CHROMIUM` names it, /usr/bin/chromium if not set).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
const pictures = `${target}/browser`;
// In milliseconds; only a bound, as a machine may be slow.
const patience = 120_000;

let browser;

before(async () => {
  await mkdir(pictures, { recursive: true });
  browser = await chromium.launch({
    timeout: patience,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}, { timeout: patience });

after(() => browser?.close());

for (const [colorScheme, width] of [["light", 1200], ["dark", 390]]) {
  test(`a new password by mail, and an app, in ${colorScheme}`, { timeout: patience }, async () => {
    const service = await start("correct horse battery");
    const context = await browser.newContext({ colorScheme, javaScriptEnabled: false, viewport: { width, height: 900 } });
    const page = await context.newPage();
    const picture = (name) => page.screenshot({ path: `${pictures}/account-${name}-${colorScheme}.png`, fullPage: true });
    try {
      await page.goto(`${service.address}/forgot-password`);
      await picture("forgot");
      await page.getByLabel("E-mail address").fill("alice@example.com");
      await page.getByRole("button").click();
      await page.getByText("a mail with a link is on its way").waitFor();
      const link = (await service.printed(/http:\S+token=\S+/))[0];

      await page.goto(link);
      await page.getByLabel("New password").fill("password1");
      await page.getByRole("button").click();
      // The focus is on the field again, and a screen reader reads the error.
      await page.getByRole("alert").getByText("most common").waitFor();
      await picture("reset");
      await page.getByLabel("New password").fill("another good pass phrase");
      await page.getByRole("button").click();
      await page.getByRole("heading", { name: "Your password was replaced" }).waitFor();
      await page.goto(link);
      await page.getByRole("alert").getByText("not valid").waitFor();

      await context.setHTTPCredentials({ username: "alice", password: "another good pass phrase" });
      await page.goto(`${service.address}/second-factor`);
      await page.getByRole("button", { name: "Set up an app" }).click();
      await page.getByRole("img", { name: "QR code" }).waitFor();
      // The code shrinks with the window.
      await page.setViewportSize({ width: 260, height: 900 });
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 260);
      await page.setViewportSize({ width, height: 900 });
      await page.getByLabel("Code of the app").fill("000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("alert").getByText("The code is wrong").waitFor();
      await picture("app");
      await page.getByLabel("Code of the app").fill(code(await page.locator("code").textContent()));
      await page.getByRole("button", { name: "Confirm" }).click();
      assert.equal(await page.getByRole("listitem").count(), 10);
      await picture("recovery-codes");
      // The password alone is no sign-in from now on.
      assert.equal((await page.goto(`${service.address}/second-factor`)).status(), 401);
    } finally {
      await context.close();
      service.stop();
    }
  });
}

// Starts the example on a free port.
async function start(password) {
  const port = await freePort();
  const env = { ...process.env, ALICE_PASSWORD: password, PORT: `${port}` };
  const child = spawn(`${target}/debug/account`, [], { env, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const printed = async (pattern) => {
    while (!pattern.test(output)) {
      assert.equal(child.exitCode, null, output);
      await new Promise((done) => setTimeout(done, 20));
    }
    return output.match(pattern);
  };
  const address = `http://127.0.0.1:${port}/account`;
  await printed(/^open /m);
  while (!(await fetch(`${address}/forgot-password`).then(() => true, () => false))) {
    await new Promise((done) => setTimeout(done, 20));
  }
  return { address, printed, stop: () => child.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Returns the code of this moment (RFC 6238).
function code(secret) {
  const bits = [...secret.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const value = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return `${value % 1_000_000}`.padStart(6, "0");
}
