// The access matrix of the demo in Chromium: an administrator sees it in light and dark, without scripts, and on paper. The
// exported types in the TypeScript compiler.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch, patience, pictures, root, startDemo, target } from "./support.mjs";

const run = promisify(execFile);

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

for (const colorScheme of ["light", "dark"]) {
  test(`an administrator sees the matrix in ${colorScheme}`, async () => {
    await withMatrix("ada", { colorScheme }, async (page, answer) => {
      assert.equal(answer.status(), 200);
      // The content policy of the page lets its own style through, and nothing else.
      const colors = await page.evaluate(() => {
        const of = (selector) => getComputedStyle(document.querySelector(selector));
        return { page: of("html").colorScheme, border: of("td").borderTopStyle, allowed: of("td.yes").backgroundColor };
      });
      assert.deepEqual([colors.page, colors.border], ["light dark", "solid"]);
      assert.notEqual(colors.allowed, "rgba(0, 0, 0, 0)");
      const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "DELETE /entries", exact: true }) });
      assert.deepEqual(await row.getByRole("cell").allTextContents(), ["no", "no", "no", "no", "yes"]);
      await page.screenshot({ path: `${pictures}/access-${colorScheme}.png`, fullPage: true });
    });
  });
}

test("a cell with a condition leads to it", async () => {
  await withMatrix("ada", {}, async (page) => {
    const condition = page.getByRole("link", { name: "if 1" }).first();
    await condition.click();
    assert.equal(new URL(page.url()).hash, "#if-1");
    assert.match(await page.locator("#if-1").textContent(), /\S/);
  });
});

test("the matrix fits a narrow window and prints on paper", async () => {
  await withMatrix("ada", { viewport: { width: 360, height: 640 } }, async (page) => {
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(widths[0] <= widths[1], `only the table scrolls: ${widths}`);
    const paper = await page.pdf({ path: `${pictures}/access.pdf`, format: "A4" });
    assert.ok(paper.length > 1_000);
  });
});

test("a user does not see the matrix", async () => {
  await withMatrix("alice", {}, async (_, answer) => assert.equal(answer.status(), 403));
});

test("exported types are accepted by the compiler", async () => {
  const { stdout } = await run(`${target}/debug/demo`, ["export", "typescript"]);
  const folder = await mkdtemp(join(tmpdir(), "access-"));
  await writeFile(join(folder, "access.ts"), stdout);
  const tsc = join(root, "tests/browser/node_modules/typescript/bin/tsc");
  const compile = async (name, text) => {
    await writeFile(join(folder, `${name}.ts`), `import { holds, permissions, roles, type Permission, type Role } from "./access";\n${text}`);
    const options = ["--strict", "--target", "es2022", "--module", "commonjs", "--noUnusedLocals", "false", "--outDir", folder];
    return run(process.execPath, [tsc, ...options, join(folder, `${name}.ts`)]).then(() => "", (error) => error.stdout);
  };
  assert.equal(await compile("good", `
    const role: Role = "Viewer";
    const permission: Permission = "view";
    console.log([holds(role, permission), holds(role, "delete"), roles.Administrator.length, permissions.view].join());
  `), "");
  const { stdout: printed } = await run(process.execPath, [join(folder, "good.js")]);
  assert.equal(printed, "true,false,3,View entries\n");
  assert.match(await compile("bad_role", `const role: Role = "Veiwer";`), /TS2820: .*Did you mean '"Viewer"'/);
  assert.match(await compile("bad_permission", `holds("Viewer", "fly");`), /TS2345/);
});

/** The matrix as a user sees it after the sign-in; fails if the page has errors, or asks anything of another host. */
async function withMatrix(name, options, use) {
  const context = await browser.newContext({
    viewport: { width: 1000, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => message.type() === "error" && !message.text().includes("status of 40") && problems.push(message.text()));
  page.on("request", (request) => request.url().startsWith(`${address}/`) || problems.push(request.url()));
  try {
    await page.goto(`${address}/admin/access`);
    await use(page, await signIn(page, name));
    // Chromium asks for an icon on its own, and the content policy of the page refuses it.
    assert.deepEqual(problems.filter((text) => !text.includes("favicon")), []);
  } finally {
    await context.close();
  }
}

/** Signs in at the page that the browser was sent to, and returns the response of the matrix. */
async function signIn(page, name) {
  assert.equal(new URL(page.url()).pathname, "/auth/login");
  await page.getByLabel("User name").fill(name);
  await page.getByLabel("Password").fill(passwords[name]);
  const answered = page.waitForResponse(`${address}/admin/access`);
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Sign in" }).click()]);
  return answered;
}
