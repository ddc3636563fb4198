// The demo, Chromium and codes of an authenticator app, for the tests.
//
// They need the examples (`cargo build -p auth-examples`) and Chromium (`CHROMIUM` names it, /usr/bin/chromium if not set).

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
export const pictures = `${target}/browser`;

/** In milliseconds; only a bound, as a machine may be slow. */
export const patience = 120_000;

/** Starts Chromium, and makes the folder of the pictures. */
export async function launch() {
  await mkdir(pictures, { recursive: true });
  return chromium.launch({
    timeout: patience,
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}

/** Starts a program of the examples. `printed` waits for what it prints, and returns the match. */
export function start(name, args, settings) {
  const child = spawn(`${target}/debug/${name}`, args, { env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const printed = async (pattern, from = 0) => {
    while (!pattern.test(output.slice(from))) {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    return output.slice(from).match(pattern);
  };
  return { printed, length: () => output.length, stop: () => child.kill() };
}

/** Starts the demo on a free port, with users of its own, who are made at each start. */
export async function startDemo() {
  const demo = start("demo", ["--port", "0"], { AUTH_DB_URI: "sqlite::memory:" });
  const [welcome] = await demo.printed(/^[^]*the log follows/i);
  const address = welcome.match(/listens on (http:\S+)/)[1];
  const key = welcome.match(/API key of .*\s+(\S+)/)[1];
  const passwords = Object.fromEntries([...welcome.matchAll(/^ {2}(\w+) +(?:Viewer|User|Administrator) +(\S+)$/gm)].map((m) => [m[1], m[2]]));
  return { ...demo, address, key, passwords };
}

/** The code of an authenticator app (RFC 6238), so many steps of 30 seconds from now. */
export function code(secret, steps = 0) {
  const bits = [...secret.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac("sha1", key).update(counter).digest();
  const value = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return `${value % 1_000_000}`.padStart(6, "0");
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
