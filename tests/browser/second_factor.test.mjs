// The accounts of the demo in Chromium, without scripts: a new password and an address by mail, and an authenticator app
// from its setup to its removal.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code, launch, patience, startDemo } from "./support.mjs";

let demo, address, passwords, browser;

before(async () => {
  demo = await startDemo();
  ({ address, passwords } = demo);
  browser = await launch();
}, { timeout: patience });

after(async () => {
  await browser?.close();
  demo?.stop();
});

test("a new password by mail ends the sessions of the user", async () => {
  await withPage(async (page) => {
    await signIn(page, "bob", passwords.bob);
    await withPage(async (other) => {
      const from = demo.length();
      await other.goto(`${address}/auth/login`);
      await other.getByRole("link", { name: "Forgot your password?" }).click();
      await other.getByLabel("E-mail address").fill("bob@example.com");
      await other.getByRole("button").click();
      await other.getByText("a mail with a link is on its way").waitFor();
      const [link] = await demo.printed(/http:\S+reset-password\?token=\S+/, from);
      assert.ok(link.startsWith(`${address}/auth/`), link);
      await other.goto(link);
      // The page tells the next one nothing of the token in its address.
      const left = other.waitForRequest(`${address}/auth/login`);
      await other.getByRole("link", { name: "Sign in" }).click();
      assert.equal((await (await left).allHeaders()).referer, `${address}/`);
      await other.goto(link);
      await other.getByLabel("New password").fill("password1");
      await other.getByRole("button").click();
      await other.getByRole("alert").getByText("most common").waitFor();
      await other.getByLabel("New password").fill("another good pass phrase");
      await other.getByRole("button").click();
      await other.getByRole("heading", { name: "Your password was replaced" }).waitFor();
      await other.getByRole("link", { name: "Sign in" }).click();
      await submit(other, "bob", "another good pass phrase");
      await other.getByRole("heading", { name: "Hello bob" }).waitFor();
    });
    await page.goto(`${address}/auth/sessions`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });
});

test("an address is verified by the button, and gets the next link", async () => {
  await withPage(async (page) => {
    await signIn(page, "vera", passwords.vera);
    await page.getByRole("link", { name: "E-mail address" }).click();
    const from = demo.length();
    await page.getByLabel("E-mail address").fill("vera@example.org");
    await page.getByRole("button").click();
    const [link] = await demo.printed(/http:\S+verify-email\?token=\S+/, from);
    await page.goto(link);
    await page.getByText("Is vera@example.org your address?").waitFor();
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByText("Your e-mail address is confirmed.").waitFor();
    await page.goto(link);
    await page.getByRole("alert").getByText("not valid").waitFor();
    const asked = demo.length();
    await page.goto(`${address}/auth/forgot-password`);
    await page.getByLabel("E-mail address").fill("vera@example.org");
    await page.getByRole("button").click();
    await demo.printed(/Mail to vera@example\.org\nSubject: .*password/, asked);
  });
});

test("an app is set up, asked for at the sign-in, replaced by a recovery code, and removed", async () => {
  await withPage(async (page, context) => {
    await signIn(page, "alice", passwords.alice);
    await page.getByRole("link", { name: "Second factor" }).click();
    await page.getByRole("button", { name: "Set up an app" }).click();
    await page.getByRole("img", { name: "QR code" }).waitFor();
    // The code shrinks with the window.
    const size = page.viewportSize();
    await page.setViewportSize({ width: 260, height: 900 });
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 260);
    await page.setViewportSize(size);
    const secret = await page.locator("code").textContent();
    await page.getByLabel("Code from the app").fill("000000");
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.getByRole("alert").getByText("The code is wrong").waitFor();
    assert.equal(await page.locator("code").textContent(), secret, "the same app goes on");
    const first = code(secret);
    await page.getByLabel("Code from the app").fill(first);
    await page.getByRole("button", { name: "Confirm" }).click();
    const recovery = await page.locator("li code").allTextContents();
    assert.equal(recovery.length, 10);

    // All sessions have ended.
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.goto(`${address}/auth/login?next=/auth/sessions`);
    await submit(page, "alice", passwords.alice);
    await page.getByRole("heading", { name: "Enter a code" }).waitFor();
    // The password alone admits to nothing.
    const pending = await session(context);
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    await page.goto(`${address}/auth/sessions`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await submit(page, "alice", passwords.alice);
    await page.getByRole("heading", { name: "Enter a code" }).waitFor();
    await page.getByLabel("Code").fill(first);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("The code is wrong, or was already used").waitFor();
    await page.getByLabel("Code").fill(code(secret, 1));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "My sessions" }).waitFor();
    assert.notEqual((await session(context)).value, pending.value);
    await signOut(page);

    await signIn(page, "alice", passwords.alice);
    await page.getByLabel("Code").fill(recovery[0]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Hello alice" }).waitFor();
    await page.getByRole("link", { name: "Second factor" }).click();
    await page.getByText("You have 9 recovery codes.").waitFor();
    await signOut(page);
    await signIn(page, "alice", passwords.alice);
    await page.getByLabel("Code").fill(recovery[0]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("The code is wrong, or was already used").waitFor();
    await page.getByLabel("Code").fill(recovery[1]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Hello alice" }).waitFor();

    await page.getByRole("link", { name: "Second factor" }).click();
    await page.getByLabel("Code from the app, to remove the second factor").fill("000000");
    await page.getByRole("button", { name: "Remove the second factor" }).click();
    await page.getByRole("alert").getByText("The code is wrong").waitFor();
    await page.getByLabel("Code from the app", { exact: true }).fill(recovery[2]);
    await page.getByRole("button", { name: "Make new recovery codes" }).click();
    const renewed = await page.locator("li code").allTextContents();
    assert.equal(new Set([...recovery, ...renewed]).size, 20);
    await page.getByRole("link", { name: "Second factor" }).click();
    await page.getByLabel("Code from the app, to remove the second factor").fill(renewed[0]);
    await page.getByRole("button", { name: "Remove the second factor" }).click();
    await page.getByText("The second factor was removed.").waitFor();
    await page.getByRole("link", { name: "Sign in" }).click();
    await submit(page, "alice", passwords.alice);
    await page.getByRole("heading", { name: "Hello alice" }).waitFor();
  });
});

test("wrong codes are limited", async () => {
  await withPage(async (page) => {
    await signIn(page, "ada", passwords.ada);
    await page.getByRole("link", { name: "Second factor" }).click();
    await page.getByRole("button", { name: "Set up an app" }).click();
    for (let attempt = 0; attempt < 4; attempt++) {
      await page.getByLabel("Code from the app").fill("000000");
      await page.getByRole("button", { name: "Confirm" }).click();
      await page.getByRole("alert").waitFor();
    }
    assert.match(await page.getByRole("alert").innerText(), /^Too many attempts\. /);
  });
});

/** A page of a browser of its own, without scripts; fails if it broke the Content Security Policy. */
async function withPage(use) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => request.url().startsWith(`${address}/`) || wrong.push(request.url()));
  page.on("console", (message) => /Content Security Policy/.test(message.text()) && wrong.push(message.text()));
  try {
    await use(page, context);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

async function signIn(page, name, password) {
  await page.goto(`${address}/auth/login`);
  await submit(page, name, password);
}

async function signOut(page) {
  await page.getByRole("link", { name: "Sign out", exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByText("You have signed out.").waitFor();
}

/** Fills the form, and waits for the page after it. */
async function submit(page, name, password) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(password);
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Sign in" }).click()]);
}

/** The cookie of the session. */
async function session(context) {
  return (await context.cookies(address)).find((cookie) => cookie.name === "session");
}
