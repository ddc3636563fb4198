// The sign-in pages of the demo in Chromium, which people use by mouse and keyboard.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, patience, startDemo } from "./support.mjs";

let demo, address, passwords, browser, evil, evilAddress;

before(async () => {
  demo = await startDemo();
  ({ address, passwords } = demo);
  // Another site: `localhost` is another host than `127.0.0.1`.
  evil = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").searchParams.get("to");
    response.setHeader("Content-Type", "text/html");
    response.end(`<form method="post" action="${address}${path}"><input name="username" value="ada">
      <input name="password" value="${passwords.ada}"><input name="end" value="others">
      <input name="email" value="mallory@example.org"><button>Win a prize</button></form>`);
  });
  await new Promise((ready) => evil.listen(0, "localhost", ready));
  evilAddress = `http://localhost:${evil.address().port}`;
  browser = await launch();
}, { timeout: patience });

after(async () => {
  await browser?.close();
  demo?.stop();
  evil?.close();
});

test("a visitor is sent to the sign-in page, and comes back", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/admin/access?from=a%26b`);
    assert.equal(new URL(page.url()).pathname, "/auth/login");
    await signIn(page, "ada");
    assert.equal(page.url(), `${address}/admin/access?from=a%26b`);
  });
});

test("the first page leads a visitor in, and a caller to all pages", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Welcome" }).waitFor();
    for (const name of ["Forgot your password?", "Documentation"]) await reaches(page, name);
    await page.getByRole("link", { name: "Sign in" }).click();
    await signIn(page, "ada");
    await page.getByRole("heading", { name: "Hello ada" }).waitFor();
    assert.match(await page.locator("main").innerText(), /Administrator/);
    for (const name of ["My sessions", "Change password", "E-mail address", "Second factor", "Sign out", "Documentation", "Your rights as JSON", "Who may call what", "Statistics"]) {
      await reaches(page, name);
    }
  });
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login`);
    await signIn(page, "vera");
    await page.getByRole("heading", { name: "Hello vera" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Who may call what" }).count(), 0);
  });
});

test("each page of the account leads to the others", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login`);
    await signIn(page, "vera");
    const names = ["My sessions", "Change password", "E-mail address", "Second factor", "Sign out"];
    for (const name of names) {
      await page.getByRole("link", { name, exact: true }).click();
      const links = await page.getByRole("navigation").getByRole("link").allTextContents();
      assert.deepEqual(links, ["Home", ...names.filter((other) => other !== name)], name);
    }
  });
});

test("the form is filled by keyboard alone, in its order", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login`);
    // The browser focuses the field after it has loaded the page.
    await page.locator("[name=username]:focus").waitFor();
    await page.keyboard.type("vera");
    await page.keyboard.press("Tab");
    await page.keyboard.type(passwords.vera);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "BUTTON");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Hello vera" }).waitFor();
  });
});

test("a wrong password is announced, and the form keeps the name and the page to return to", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login?next=/auth/sessions`);
    const answered = page.waitForResponse(`${address}/auth/login?next=/auth/sessions`);
    await submit(page, "vera", "wrong horse battery");
    assert.equal((await answered).status(), 401);
    assert.equal(await page.getByRole("alert").innerText(), "The user name or the password is wrong.");
    assert.equal(await page.getByLabel("User name").inputValue(), "vera");
    assert.equal(await page.getByLabel("Password").inputValue(), "");
    assert.equal(await page.evaluate(() => document.activeElement.id), "password");
    assert.match(await page.title(), /^Error: /);
    await submit(page, "vera", passwords.vera);
    await page.getByRole("heading", { name: "My sessions" }).waitFor();
  });
});

test("too many attempts are told with the time to wait", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login`);
    for (let attempt = 0; attempt < 6; attempt++) await submit(page, "bob", "wrong horse battery");
    assert.match(await page.getByRole("alert").innerText(), /^Too many attempts\. Try again in \d+ seconds\.$/);
  });
});

test("a planted cookie is replaced at the sign-in", async () => {
  await withPage(async (page, context) => {
    const planted = "A".repeat(43);
    await context.addCookies([{ name: "session", value: planted, url: address }]);
    await page.goto(`${address}/auth/login`);
    await signIn(page, "vera");
    const cookie = await session(context);
    assert.notEqual(cookie.value, planted);
    assert.equal(cookie.httpOnly, true);
    assert.equal(cookie.sameSite, "Lax");
    assert.equal(cookie.expires, -1, "the browser forgets it when it closes");
  });
});

test("a session that was signed out cannot be replayed", async () => {
  await withPage(async (page, context) => {
    await page.goto(`${address}/auth/login`);
    await signIn(page, "vera");
    const stolen = await session(context);
    await page.getByRole("link", { name: "Sign out", exact: true }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    assert.equal(await page.getByRole("status").innerText(), "You have signed out.");
    assert.equal(await session(context), undefined);
    await page.goBack();
    await page.goto(`${address}/auth/sessions`);
    assert.equal(new URL(page.url()).pathname, "/auth/login");
    await withPage(async (thief, other) => {
      await other.addCookies([{ name: "session", value: stolen.value, url: address }]);
      await thief.goto(`${address}/`);
      await thief.getByRole("heading", { name: "Welcome" }).waitFor();
      assert.equal(await session(other), undefined, "the cookie of an ended session is deleted");
    });
  });
});

test("a form of another site signs nobody in, and ends no session", async () => {
  await withPage(async (page, context) => {
    await page.goto(`${address}/auth/login`);
    await signIn(page, "vera");
    const before = await session(context);
    const post = async (path) => {
      await page.goto(`${evilAddress}/?to=${path}`);
      const answered = page.waitForResponse((response) => response.url().startsWith(`${address}${path}`));
      await page.getByRole("button").click();
      return (await answered).status();
    };
    for (const name of ["login", "logout", "sessions", "password", "forgot-password", "reset-password", "verify-email", "code"]) {
      assert.equal(await post(`/auth/${name}`), 403, name);
      await page.getByRole("alert").waitFor();
    }
    // Without the cookie, which the browser does not send from there, these are forms of a stranger.
    for (const name of ["email", "second-factor/enrolment", "second-factor/confirmation", "second-factor/recovery-codes", "second-factor/removal"]) {
      assert.equal(await post(`/auth/${name}`), 303, name);
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
    }
    assert.equal((await session(context)).value, before.value);
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Hello vera" }).waitFor();
  });
});

test("my sessions ends that of another browser", async () => {
  await withPage(async (page) => {
    await withPage(async (other) => {
      await page.goto(`${address}/auth/login`);
      await signIn(page, "alice");
      await other.goto(`${address}/auth/login`);
      await signIn(other, "alice");
      await page.getByRole("link", { name: "My sessions" }).click();
      assert.equal(await page.getByText("(this browser)").count(), 1);
      await page.getByRole("button", { name: /^Sign out Chrome on Linux$/ }).click();
      assert.equal(await page.getByRole("status").innerText(), "Done. The list shows where you are still signed in.");
      await other.goto(`${address}/auth/sessions`);
      assert.equal(new URL(other.url()).pathname, "/auth/login");
      await page.goto(`${address}/`);
      await page.getByRole("heading", { name: "Hello alice" }).waitFor();
    });
  });
});

test("a new password ends the other sessions", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/password`);
    await signIn(page, "ada");
    await page.getByLabel("Current password").fill(passwords.ada);
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button").click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Current password").fill(passwords.ada);
    await page.getByLabel("New password").fill(`${passwords.ada}-2`);
    await page.getByRole("button").click();
    await page.getByRole("status").waitFor();
    passwords.ada = `${passwords.ada}-2`;
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Hello ada" }).waitFor();
  });
});

/** A page of a browser of its own; fails if it broke the Content Security Policy, or asked anything of a third host. */
async function withPage(use, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const wrong = [];
  page.on("request", (request) => {
    if (![address, evilAddress].some((own) => request.url().startsWith(`${own}/`))) wrong.push(request.url());
  });
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) wrong.push(message.text());
  });
  try {
    await use(page, context);
    assert.deepEqual(wrong, []);
  } finally {
    await context.close();
  }
}

/** Fails unless the link with this name leads to a page without an error. */
async function reaches(page, name) {
  const link = page.getByRole("link", { name, exact: true });
  const answer = await page.request.get(new URL(await link.getAttribute("href"), page.url()).href, { headers: { Accept: "text/html" } });
  assert.equal(answer.status(), 200, name);
  assert.ok(!answer.url().includes("/auth/login"), name);
}

/** Fills the form, and waits for the page after it. */
async function submit(page, name, password) {
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(password);
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Sign in" }).click()]);
}

async function signIn(page, name) {
  await submit(page, name, passwords[name]);
}

/** The cookie of the session. */
async function session(context) {
  return (await context.cookies(address)).find((cookie) => cookie.name === "session");
}
