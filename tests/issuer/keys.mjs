// The keys of the issuer: a pair for each algorithm, newest first. They outlive a restart in a file, if there is one.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";

export class Keys {
  #file;
  #generations;

  constructor(file) {
    this.#file = file;
    const isKept = file !== undefined && existsSync(file);
    this.#generations = isKept ? JSON.parse(readFileSync(file, "utf8")) : [];
    if (!isKept) this.rotate();
  }

  // What is published. The first of each algorithm signs.
  get all() {
    return this.#generations.flat();
  }

  // New keys sign from now on; the old ones stay published.
  rotate() {
    this.#keep([generation(), ...this.#generations]);
  }

  // Only the newest stay published.
  withdraw() {
    this.#keep(this.#generations.slice(0, 1));
  }

  #keep(generations) {
    this.#generations = generations;
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(generations), { mode: 0o600 });
  }
}

function generation() {
  return [key("RS256", "rsa", { modulusLength: 2048 }), key("ES256", "ec", { namedCurve: "P-256" })];
}

function key(alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  const kid = `${alg}-${randomBytes(6).toString("base64url")}`;
  return { ...privateKey.export({ format: "jwk" }), kid, alg, use: "sig" };
}
