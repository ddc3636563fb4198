// The pages of a user's own account in Chromium, in light and dark, without scripts: a new password by the link in a mail.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { freePort, launch, patience, pictures, start } from "./support.mjs";

let browser;

before(async () => (browser = await launch()), { timeout: patience });

after(() => browser?.close());

for (const [colorScheme, width] of [["light", 1200], ["dark", 390]]) {
  test(`a new password by mail, in ${colorScheme}`, { timeout: patience }, async () => {
    const service = await startAccount("correct horse battery");
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

      // `Basic` has no place for a code, so the example has no second factor.
      await context.setHTTPCredentials({ username: "alice", password: "another good pass phrase" });
      assert.equal((await page.goto(`${service.address}/email`)).status(), 200);
      assert.equal((await page.goto(`${service.address}/second-factor`)).status(), 404);
    } finally {
      await context.close();
      service.stop();
    }
  });
}

// Starts the example on a free port.
async function startAccount(password) {
  const port = await freePort();
  const account = start("account", [], { ALICE_PASSWORD: password, PORT: `${port}` });
  const address = `http://127.0.0.1:${port}/account`;
  await account.printed(/^open /m);
  while (!(await fetch(`${address}/forgot-password`).then(() => true, () => false))) {
    await new Promise((done) => setTimeout(done, 20));
  }
  return { ...account, address };
}
