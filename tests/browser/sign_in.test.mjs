// The sign-in pages of the demo in Chromium, which people use by mouse and keyboard.
//
// Needs the demo (`cargo build`) and Chromium (`CHROMIUM` names it, /usr/bin/chromium if not set).

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
const pictures = `${target}/browser`;

// In milliseconds; only a bound, as a machine may be slow.
const patience = 120_000;

let demo, address, passwords, browser, evil, evilAddress;

before(async () => {
  await mkdir(pictures, { recursive: true });
  // Users of its own, who are made at each start.
  const env = { ...process.env, AUTH_DB_URI: "sqlite::memory:" };
  demo = spawn(`${target}/debug/demo`, ["--port", "0"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const welcome = await read(demo.stdout, /the log follows/i);
  address = welcome.match(/listens on (http:\S+)/)[1];
  passwords = Object.fromEntries([...welcome.matchAll(/^ {2}(\w+) +(?:Viewer|User|Administrator) +(\S+)$/gm)].map((m) => [m[1], m[2]]));
  // Another site: `localhost` is another host than `127.0.0.1`.
  evil = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").searchParams.get("to");
    response.setHeader("Content-Type", "text/html");
    response.end(`<form method="post" action="${address}${path}"><input name="username" value="ada">
      <input name="password" value="${passwords.ada}"><input name="end" value="others"><button>Win a prize</button></form>`);
  });
  await new Promise((ready) => evil.listen(0, "localhost", ready));
  evilAddress = `http://localhost:${evil.address().port}`;
  browser = await chromium.launch({
    timeout: patience,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}, { timeout: patience });

after(async () => {
  await browser?.close();
  demo?.kill();
  evil?.close();
});

test("a visitor is sent to the sign-in page, and comes back", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/?from=a%26b`);
    assert.equal(new URL(page.url()).pathname, "/auth/login");
    await signIn(page, "vera");
    assert.equal(page.url(), `${address}/?from=a%26b`);
    await page.getByRole("heading", { name: "Hello vera" }).waitFor();
    assert.match(await page.locator("main").innerText(), /Viewer/);
  });
});

test("the form is filled by keyboard alone, in its order", async () => {
  await withPage(async (page) => {
    await page.goto(`${address}/auth/login`);
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
    await page.goto(`${address}/`);
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
    await page.goto(`${address}/`);
    await signIn(page, "vera");
    const stolen = await session(context);
    await page.getByRole("link", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    assert.equal(await page.getByRole("status").innerText(), "You have signed out.");
    assert.equal(await session(context), undefined);
    await page.goBack();
    await page.goto(`${address}/`);
    assert.equal(new URL(page.url()).pathname, "/auth/login");
    await withPage(async (thief, other) => {
      await other.addCookies([{ name: "session", value: stolen.value, url: address }]);
      await thief.goto(`${address}/`);
      assert.equal(new URL(thief.url()).pathname, "/auth/login");
      assert.equal(await session(other), undefined, "the cookie of an ended session is deleted");
    });
  });
});

test("a form of another site signs nobody in, and ends no session", async () => {
  await withPage(async (page, context) => {
    await page.goto(`${address}/`);
    await signIn(page, "vera");
    const before = await session(context);
    for (const path of ["/auth/login", "/auth/logout", "/auth/sessions"]) {
      await page.goto(`${evilAddress}/?to=${path}`);
      const answered = page.waitForResponse((response) => response.url().startsWith(`${address}${path}`));
      await page.getByRole("button").click();
      assert.equal((await answered).status(), 403, path);
      await page.getByRole("alert").waitFor();
    }
    assert.equal((await session(context)).value, before.value);
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Hello vera" }).waitFor();
  });
});

test("my sessions ends that of another browser", async () => {
  await withPage(async (page) => {
    await withPage(async (other) => {
      await page.goto(`${address}/`);
      await signIn(page, "alice");
      await other.goto(`${address}/`);
      await signIn(other, "alice");
      await page.getByRole("link", { name: "My sessions" }).click();
      assert.equal(await page.getByText("(this browser)").count(), 1);
      await page.getByRole("button", { name: /^Sign out Chrome on Linux$/ }).click();
      assert.equal(await page.getByRole("status").innerText(), "The session has ended.");
      await other.goto(`${address}/`);
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

test("each page is drawn in both schemes and at both widths", async () => {
  for (const colorScheme of ["light", "dark"]) {
    for (const [size, viewport] of Object.entries({ narrow: { width: 320, height: 700 }, wide: { width: 1280, height: 800 } })) {
      await withPage(async (page) => {
        const draw = async (name) => {
          const width = await page.evaluate(() => document.documentElement.scrollWidth);
          assert.ok(width <= viewport.width, `${name} is ${width} wide`);
          await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${size}.png`, fullPage: true });
        };
        await page.goto(`${address}/auth/login`);
        await draw("sign-in");
        await submit(page, "nobody", "wrong horse battery");
        await draw("sign-in-refused");
        await submit(page, "ada", passwords.ada);
        await page.getByRole("heading", { name: "Hello ada" }).waitFor();
        await draw("home");
        for (const name of ["sessions", "password", "logout"]) {
          await page.goto(`${address}/auth/${name}`);
          await draw(name);
        }
      }, { viewport, colorScheme });
    }
  }
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

/** What a stream says until it matches. */
async function read(stream, until) {
  let text = "";
  for await (const chunk of stream) {
    text += chunk;
    if (until.test(text)) return text;
  }
  throw new Error(`the demo ended: ${text}`);
}
