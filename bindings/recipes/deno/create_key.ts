// SPDX-License-Identifier: MIT
// Creates an API key: deno run --allow-ffi --allow-read --allow-env create_key.ts USERNAME PASSWORD_FILE
const KEY_CAPACITY = 4097; // the longest key there is, and its NUL
const INVALID_ARGUMENT = -1;
const REFUSALS = [-10, -11, -12]; // CREDENTIALS, RATE_LIMITED, REJECTED
const UNCHANGED = 0;
const UNKNOWN = 2;

// nonblocking: a call runs on a thread of its own, and the event loop goes on.
const keyFunction = {
  parameters: ["pointer", "buffer", "usize", "buffer", "usize", "buffer", "usize", "pointer"],
  result: "i32",
  nonblocking: true,
} as const;

const { symbols: mbv } = Deno.dlopen("libmobivate.so.1", {
  mbv_new: { parameters: [], result: "pointer" },
  mbv_set: { parameters: ["pointer", "buffer", "buffer"], result: "i32" },
  mbv_create_key: keyFunction,
  mbv_get_key: keyFunction,
  mbv_error_message: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
  mbv_key_state: { parameters: ["pointer"], result: "i32" },
  mbv_free: { parameters: ["pointer"], result: "void" },
});

type Client = Deno.PointerValue;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

class Failure extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message);
  }
}

function message(client: Client): string {
  const size = Number(mbv.mbv_error_message(client, null, 0n));
  const text = new Uint8Array(size + 1);
  mbv.mbv_error_message(client, text, BigInt(text.length));
  return decoder.decode(text.subarray(0, size));
}

function exitCode(client: Client, status: number): number {
  if (status === INVALID_ARGUMENT) return 2;
  if (mbv.mbv_key_state(client) !== UNCHANGED) return 5;
  return REFUSALS.includes(status) ? 3 : 4;
}

function configure(client: Client, option: string, value?: string): void {
  if (value === undefined) return;
  const status = mbv.mbv_set(client, encoder.encode(`${option}\0`), encoder.encode(`${value}\0`));
  if (status !== 0) throw new Failure(message(client), 2);
}

// The arrays' own bytes are passed, so they stay as they are until the call has ended. They can be wiped; a string cannot.
async function createKey(
  client: Client,
  username: Uint8Array<ArrayBuffer>,
  password: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const key = new Uint8Array(KEY_CAPACITY);
  const call = (name: "mbv_create_key" | "mbv_get_key") =>
    mbv[name](
      client,
      username,
      BigInt(username.length),
      password,
      BigInt(password.length),
      key,
      BigInt(key.length),
      null,
    );
  const status = await call("mbv_create_key");
  if (status !== 0) {
    const failure = new Failure(message(client), exitCode(client, status));
    if (mbv.mbv_key_state(client) !== UNKNOWN) throw failure;
    console.error(failure.message);
    // Changes nothing, and says which key the account has.
    if (await call("mbv_get_key") !== 0) throw new Failure(message(client), failure.code);
  }
  return decoder.decode(key.subarray(0, key.indexOf(0)));
}

function readPassword(path: string): Uint8Array<ArrayBuffer> {
  try {
    const bytes = Deno.readFileSync(path);
    if (bytes.at(-1) !== 10) return bytes;
    return bytes.subarray(0, bytes.at(-2) === 13 ? -2 : -1);
  } catch (error) {
    throw new Failure((error as Error).message, 2);
  }
}

async function main([username, file]: string[]): Promise<void> {
  if (username === undefined || file === undefined) {
    throw new Failure("usage: deno run ... create_key.ts USERNAME PASSWORD_FILE", 2);
  }
  const password = readPassword(file);
  const client = mbv.mbv_new();
  configure(client, "base_url", Deno.env.get("MOBIVATE_BASE_URL"));
  configure(client, "ca_file", Deno.env.get("MOBIVATE_CA_FILE"));
  const key = await createKey(client, encoder.encode(username), password);
  password.fill(0);
  mbv.mbv_free(client);
  try {
    Deno.stdout.writeSync(encoder.encode(`${key}\n`));
  } catch {
    throw new Failure(`The key could not be printed: ${key}`, 6);
  }
}

try {
  await main(Deno.args);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  Deno.exit(error.code);
}
