// SPDX-License-Identifier: MIT
// Creates an API key: bun create_key.ts USERNAME PASSWORD_FILE
import { dlopen, type Pointer } from "bun:ffi";
import { readFileSync, writeSync } from "node:fs";

const KEY_CAPACITY = 4097; // the longest key there is, and its NUL
const INVALID_ARGUMENT = -1;
const REFUSALS = [-10, -11, -12]; // CREDENTIALS, RATE_LIMITED, REJECTED
const UNCHANGED = 0;
const UNKNOWN = 2;

const keyFunction = {
  args: ["ptr", "ptr", "usize", "ptr", "usize", "ptr", "usize", "ptr"],
  returns: "i32",
} as const;

// Calls block the event loop until they have ended: a server makes them in a Worker.
const { symbols: mbv } = dlopen("libmobivate.so.1", {
  mbv_new: { args: [], returns: "ptr" },
  mbv_set: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
  mbv_create_key: keyFunction,
  mbv_get_key: keyFunction,
  mbv_error_message: { args: ["ptr", "ptr", "usize"], returns: "usize" },
  mbv_key_state: { args: ["ptr"], returns: "i32" },
  mbv_free: { args: ["ptr"], returns: "void" },
});

class Failure extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

function message(client: Pointer): string {
  const size = Number(mbv.mbv_error_message(client, null, 0));
  const text = Buffer.alloc(size + 1);
  mbv.mbv_error_message(client, text, text.length);
  return text.toString("utf8", 0, size);
}

function exitCode(client: Pointer, status: number): number {
  if (status === INVALID_ARGUMENT) return 2;
  if (mbv.mbv_key_state(client) !== UNCHANGED) return 5;
  return REFUSALS.includes(status) ? 3 : 4;
}

function configure(client: Pointer, option: string, value?: string): void {
  if (value === undefined) return;
  const status = mbv.mbv_set(client, Buffer.from(`${option}\0`), Buffer.from(`${value}\0`));
  if (status !== 0) throw new Failure(message(client), 2);
}

// The buffers' own bytes are passed, and can be wiped; a string cannot.
function createKey(client: Pointer, username: Buffer, password: Buffer): string {
  const key = Buffer.alloc(KEY_CAPACITY);
  const call = (name: "mbv_create_key" | "mbv_get_key") =>
    mbv[name](client, username, username.length, password, password.length, key, key.length, null);
  const status = call("mbv_create_key");
  if (status !== 0) {
    const failure = new Failure(message(client), exitCode(client, status));
    if (mbv.mbv_key_state(client) !== UNKNOWN) throw failure;
    console.error(failure.message);
    // Changes nothing, and says which key the account has.
    if (call("mbv_get_key") !== 0) throw new Failure(message(client), failure.code);
  }
  return key.toString("utf8", 0, key.indexOf(0));
}

function readPassword(path: string): Buffer {
  try {
    const bytes = readFileSync(path);
    if (bytes.at(-1) !== 10) return bytes;
    return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
  } catch (error) {
    throw new Failure((error as Error).message, 2);
  }
}

function main([username, file]: string[]): void {
  if (username === undefined || file === undefined)
    throw new Failure("usage: bun create_key.ts USERNAME PASSWORD_FILE", 2);
  const password = readPassword(file);
  const client = mbv.mbv_new()!;
  configure(client, "base_url", process.env.MOBIVATE_BASE_URL);
  configure(client, "ca_file", process.env.MOBIVATE_CA_FILE);
  const key = createKey(client, Buffer.from(username), password);
  password.fill(0);
  mbv.mbv_free(client);
  try {
    writeSync(1, `${key}\n`);
  } catch {
    throw new Failure(`The key could not be printed: ${key}`, 6);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exit(error.code);
}
