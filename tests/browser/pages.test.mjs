// Each page of the demo in light and dark, narrow and wide: it fits the window, can be read by a screen reader, and has a
// picture to look at.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { code, launch, patience, pictures, startDemo } from "./support.mjs";

let browser;

before(async () => (browser = await launch()), { timeout: patience });

after(() => browser?.close());

for (const colorScheme of ["light", "dark"]) {
  for (const [size, width] of [["narrow", 390], ["wide", 1200]]) {
    test(`each page in ${colorScheme}, ${size}`, { timeout: 3 * patience }, () => draw(colorScheme, size, width));
  }
}

async function draw(colorScheme, size, width) {
  const demo = await startDemo();
  const { address, passwords } = demo;
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 } });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const go = (path) => page.goto(`${address}${path}`);
  const press = (name) => Promise.all([page.waitForEvent("load"), page.getByRole("button", { name }).click()]);
  const picture = async (name) => {
    assert.deepEqual(await page.evaluate(faults), [], name);
    await page.screenshot({ path: `${pictures}/page-${name}-${colorScheme}-${size}.png`, fullPage: true });
  };
  const submit = async (name, password) => {
    await page.getByLabel("User name").fill(name);
    await page.getByLabel("Password").fill(password);
    await press("Sign in");
  };
  try {
    await go("/");
    await picture("home-signed-out");
    await go("/auth/login");
    await picture("sign-in");
    await submit("ada", "wrong horse battery");
    await picture("sign-in-wrong");
    for (let attempt = 0; attempt < 6; attempt++) await submit("nobody", "wrong horse battery");
    await page.getByRole("alert").getByText("Too many attempts").waitFor();
    await picture("sign-in-throttled");

    await go("/auth/forgot-password");
    await picture("forgot");
    const asked = demo.length();
    await page.getByLabel("E-mail address").fill("ada@example.com");
    await press("Send the link");
    await picture("forgot-sent");
    const [reset] = await demo.printed(/http:\S+reset-password\?token=\S+/, asked);
    await page.goto(reset);
    await picture("reset");
    await page.getByLabel("New password").fill("password1");
    await press("Set the password");
    await picture("reset-wrong");
    await page.getByLabel("New password").fill("another good pass phrase");
    await press("Set the password");
    await picture("reset-done");
    await page.goto(reset);
    await picture("reset-used");

    await go("/auth/login");
    await submit("ada", "another good pass phrase");
    await page.getByRole("heading", { name: "Hello ada" }).waitFor();
    await picture("home");
    const other = await browser.newContext();
    const phone = await other.newPage();
    await phone.goto(`${address}/auth/login`);
    await phone.getByLabel("User name").fill("ada");
    await phone.getByLabel("Password").fill("another good pass phrase");
    await Promise.all([phone.waitForEvent("load"), phone.getByRole("button", { name: "Sign in" }).click()]);
    await other.close();
    await go("/auth/sessions");
    await picture("sessions");
    await press(/^Sign out Chrome/);
    await picture("sessions-ended");
    await go("/auth/password");
    await picture("password");
    await page.getByLabel("Current password").fill("wrong horse battery");
    await page.getByLabel("New password").fill("a third good pass phrase");
    await press("Change password");
    await picture("password-wrong");
    await page.getByLabel("Current password").fill("another good pass phrase");
    await page.getByLabel("New password").fill("short");
    await press("Change password");
    await picture("password-short");
    await page.getByLabel("Current password").fill("another good pass phrase");
    await page.getByLabel("New password").fill("a third good pass phrase");
    await press("Change password");
    await picture("password-changed");

    await go("/auth/email");
    await picture("email");
    const from = demo.length();
    await page.getByLabel("E-mail address").fill("ada@example.org");
    await press("Send the link");
    await picture("email-sent");
    const [verify] = await demo.printed(/http:\S+verify-email\?token=\S+/, from);
    await page.goto(verify);
    await picture("verify");
    await press("Confirm");
    await picture("verified");
    await page.goto(verify);
    await picture("verify-used");

    await go("/admin/access");
    await page.screenshot({ path: `${pictures}/page-access-${colorScheme}-${size}.png`, fullPage: true });

    await go("/auth/second-factor");
    await picture("second-factor");
    await press("Set up an app");
    await picture("second-factor-enrol");
    const secret = await page.locator("code").textContent();
    await page.getByLabel("Code from the app").fill("000000");
    await press("Confirm");
    await picture("second-factor-enrol-wrong");
    await page.getByLabel("Code from the app").fill(code(secret));
    await press("Confirm");
    const recovery = await page.locator("li code").first().textContent();
    await picture("second-factor-codes");
    await go("/auth/login");
    await submit("ada", "a third good pass phrase");
    await picture("code");
    await page.getByLabel("Code").fill("000000");
    await press("Sign in");
    await picture("code-wrong");
    await page.getByLabel("Code").fill(code(secret, 1));
    await press("Sign in");
    await picture("home-second-factor");
    await go("/auth/second-factor");
    await picture("second-factor-active");
    await page.getByLabel("Code from the app, to remove the second factor").fill("000000");
    await press("Remove the second factor");
    await picture("second-factor-remove-wrong");
    await page.getByLabel("Code from the app, to remove the second factor").fill(recovery);
    await press("Remove the second factor");
    await picture("second-factor-removed");
    await go("/auth/login");
    await submit("ada", "a third good pass phrase");
    await go("/auth/logout");
    await picture("sign-out");
    await press("Sign out");
    await picture("signed-out");
  } finally {
    await context.close();
    demo.stop();
  }
}

/** Runs in the page, and returns what a reader would stumble over. */
function faults() {
  const found = [];
  const expect = (holds, text) => holds || found.push(text);
  expect(document.documentElement.lang === "en", "no language");
  expect(/ · Entry book$/.test(document.title), `the title ${document.title}`);
  expect(document.querySelectorAll("h1").length === 1, "not one h1");
  expect(document.querySelectorAll("main").length === 1, "not one main");
  expect(!document.querySelector("script, [style], [onclick]"), "a script or a style");
  expect(document.documentElement.scrollWidth <= innerWidth, `${document.documentElement.scrollWidth} wide`);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  expect(new Set(ids).size === ids.length, `an id twice: ${ids}`);
  for (const input of document.querySelectorAll("input:not([type=hidden]):not([hidden])")) {
    expect(input.labels.length === 1, `no label: ${input.name}`);
    expect(input.autocomplete, `no autocomplete: ${input.name}`);
    for (const id of (input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)) {
      expect(document.getElementById(id), `no element ${id}`);
    }
  }
  // An error is announced. If a field is wrong, it says so, and has the focus.
  const wrong = document.querySelector("[aria-invalid=true]");
  if (wrong) {
    expect(document.querySelector("[role=alert]"), "no alert");
    expect(document.activeElement.matches("[aria-invalid=true], #password"), "the focus is not on the wrong field");
  }
  // The contrast of each text (WCAG 2.2, 1.4.3).
  const canvas = document.createElement("canvas").getContext("2d");
  const luminance = (color) => {
    canvas.fillStyle = color;
    const [r, g, b] = canvas.fillStyle.match(/\w\w/g).map((part) => parseInt(part, 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const background = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" && element.parentElement ? background(element.parentElement) : color;
  };
  for (const element of document.querySelectorAll("h1, h2, p, label, a, button, li, dt, dd, code, strong, span, time")) {
    const [text, back] = [luminance(getComputedStyle(element).color), luminance(background(element))];
    const contrast = (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05);
    expect(contrast >= 4.5, `contrast ${contrast.toFixed(2)} of ${element.tagName} ${element.textContent.slice(0, 20)}`);
  }
  return found;
}
