// The documentation pages of the examples in Chromium: each scheme of the Authorize dialog lets the reader call an
// operation, and the page asks nothing of any other host.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { launch, patience, pictures, start, startDemo } from "./support.mjs";

const secret = randomBytes(32).toString("hex");

let demo, server, address, serverAddress, passwords, key, browser;

before(async () => {
  demo = await startDemo();
  ({ address, passwords, key } = demo);
  const settings = { AUTH_ISSUER: "https://issuer.example", AUTH_AUDIENCES: '["entries"]', AUTH_HS256_SECRET: secret, PORT: "0" };
  server = start("resource_server", [], settings);
  serverAddress = (await server.printed(/listens on (http:[^,\s]+), with documentation at/))[1];
  browser = await launch();
}, { timeout: patience });

after(async () => {
  await browser?.close();
  demo?.stop();
  server?.stop();
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

test("without a credential, the page shows the 401", async () => {
  await withPage(async (page) => assert.equal((await tryOut(page)).status, 401));
});

test("the cookie of a session that was signed in at the page is sent", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login?next=/docs`);
    await page.getByLabel("User name").fill("alice");
    await page.getByLabel("Password").fill(passwords.alice);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator(".opblock").first().waitFor();
    const { status, request } = await tryOut(page);
    assert.equal(status, 200);
    assert.equal(request.headers().authorization, undefined);
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

test("a relative token URL is resolved beside the page, with and without a slash at its end", async () => {
  for (const path of ["/docs", "/docs/"]) {
    await withPage(async (page) => {
      const asked = page.waitForRequest((request) => request.method() === "POST");
      await authorize(page, "access_token", async (form) => {
        await form.locator("#oauth_username").fill("alice");
        await form.locator("#oauth_password").fill(passwords.alice);
      });
      assert.equal((await asked).url(), `${address}/auth/token`, path);
    }, address, path, (html) => {
      assert.ok(html.includes('"/auth/token"'));
      return html.replaceAll('"/auth/token"', '"auth/token"');
    });
  }
});

/** A token of the issuer whose secret the resource server knows. */
function token() {
  const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { iss: "https://issuer.example", aud: "entries", sub: "alice", exp: 4102444800 };
  const signed = `${encode({ alg: "HS256", typ: "at+jwt" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** A fresh page of the documentation, perhaps edited; fails if it asked anything of another host. */
async function withPage(use, at = address, path = "/docs", edit = undefined) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1200 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const foreign = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${at}/`) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  if (edit) {
    await page.route(`${at}${path}`, async (route) => {
      const response = await route.fetch({ url: `${at}/docs` });
      await route.fulfill({ response, body: edit(await response.text()) });
    });
  }
  try {
    await page.goto(`${at}${path}`);
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
