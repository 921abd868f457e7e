// SPDX-License-Identifier: MIT

// Compiled, never run: what the types allow, and what they do not.

import {
  Client,
  MobivateError,
  type ClientOptions,
  type ErrorCode,
  type ErrorDetails,
  type KeyState,
} from 'mobivate';

export async function usage(signal: AbortSignal): Promise<Uint8Array> {
  const options: ClientOptions = { baseUrl: process.env.BASE_URL, timeoutMs: 1000, proxy: '' };
  const client = new Client(options);
  client.set({ connectTimeoutMs: 100, caFile: 'a', caDir: 'b', userAgent: 'c' });
  try {
    const key: string = await client.createKey('a', new Uint8Array(3));
    await client.createKey(Buffer.from('a'), key, { signal });
    const current: string = await client.getKey('a', new Uint8Array(3), { signal });
    const accepted: boolean = await client.testKey(await client.getKeyBytes('a', current), { signal });
    if (accepted) await client.testKey('a');
    return await client.createKeyBytes('a', 'b', {});
  } catch (error) {
    if (!(error instanceof MobivateError)) throw error;
    const state: KeyState = error.keyState;
    const code: ErrorCode = error.code;
    const wait: number | null = error.retryAfterMs;
    const sent: { readonly message: string } & ErrorDetails = error.toJSON();
    const revived: MobivateError = MobivateError.from(sent);
    const lost: KeyState = new MobivateError(revived.message).keyState;
    const texts: (string | null)[] = [error.message, error.serverMessage, state, code, lost];
    const numbers: (number | null)[] = [error.httpStatus, error.serverCode, wait];
    throw new Error([...texts, ...numbers].join());
  } finally {
    client.close();
    client[Symbol.dispose]();
  }
}

export async function refused(client: Client, error: MobivateError): Promise<void> {
  // @ts-expect-error a number is no password
  await client.createKey('a', 1);
  // @ts-expect-error the password is missing
  await client.createKey('a');
  // @ts-expect-error a number is no key
  await client.testKey(1);
  // @ts-expect-error no such option
  client.set({ retries: 3 });
  // @ts-expect-error milliseconds are a number
  client.set({ timeoutMs: '1000' });
  // @ts-expect-error a controller is no signal
  await client.createKey('a', 'b', { signal: new AbortController() });
  // @ts-expect-error no such code
  if (error.code === 'MBV_ERR_OTHER') return;
  // @ts-expect-error no such state
  if (error.keyState === 'lost') return;
  // @ts-expect-error it may be null
  error.httpStatus.toFixed();
  // @ts-expect-error not to be changed
  error.keyState = 'unchanged';
}
