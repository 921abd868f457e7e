// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const { getEventListeners, once, setMaxListeners } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');
const koffi = require('koffi');
const mobivate = require('mobivate');
const standin = require('./standin.js');

const { Client, MobivateError } = mobivate;
const password = 'correct-password';
let accounts = 0;

/** @param {unknown} [scenario] */
async function newAccount(scenario) {
  const username = `client-${++accounts}-node@example.com`;
  await standin.createAccount(username, password, scenario);
  return username;
}

/**
 * A call that is at the stand-in, and stays there.
 * @param {import('mobivate').ClientOptions & import('mobivate').CallOptions} [options]
 */
async function stalledCall({ signal, ...options } = {}) {
  const username = await newAccount(standin.stalls);
  const client = new Client({ ...standin.overHttps, timeoutMs: 60000, ...options });
  const state = { settled: false };
  const call = client.createKey(username, password, { signal }).finally(() => {
    state.settled = true;
  });
  call.catch(() => {}); // It is awaited later.
  await standin.account(username, 1);
  return { client, call, state, username };
}

test('is the same module for import and for require', async () => {
  const imported = await import('mobivate');
  assert.equal(imported.Client, Client);
  assert.equal(imported.MobivateError, MobivateError);
  assert.deepEqual(Object.keys(mobivate), ['Client', 'MobivateError']);
});

test('the event loop goes on during a call', async () => {
  const { client, call, state, username } = await stalledCall();
  let turns = 0;
  for (; turns < 100; ++turns) await new Promise(resolve => setImmediate(resolve));
  const { requests } = await standin.account(username);
  assert.deepEqual({ turns, requests, ...state }, { turns: 100, requests: 1, settled: false });
  client.close();
  await assert.rejects(call, { code: 'MBV_ERR_CANCELLED' });
});

test('an error carries everything, and its text the key state', async () => {
  const username = await newAccount({
    status: 429,
    headers: [['Retry-After', '7']],
    body: { code: 4290, message: 'Slow down' },
  });
  const client = new Client(standin.overHttps);
  const error = await client.createKey(username, password).catch(reason => reason);
  client.close();
  assert.ok(error instanceof MobivateError && error instanceof Error);
  assert.deepEqual(
    { ...error },
    {
      code: 'MBV_ERR_RATE_LIMITED',
      keyState: 'unchanged',
      httpStatus: 429,
      serverCode: 4290,
      serverMessage: 'Slow down',
      retryAfterMs: 7000,
    },
  );
  assert.match(String(error), /^MobivateError: .*Slow down.*The old key still works\.$/);
  assert.match(/** @type {string} */ (error.stack), /^MobivateError: /);
});

test('a new error knows nothing, and says so', () => {
  assert.deepEqual(
    { ...new MobivateError('text') },
    {
      code: 'MBV_ERR_INTERNAL',
      keyState: 'unknown',
      httpStatus: null,
      serverCode: null,
      serverMessage: null,
      retryAfterMs: null,
    },
  );
});

/** The ways that an error leaves its thread or process. @type {Record<string, (error: any) => any>} */
const ways = {
  JSON: error => JSON.parse(JSON.stringify(error)),
  'structuredClone of its JSON': error => structuredClone(error.toJSON()),
  'v8.serialize of its JSON': error => v8.deserialize(v8.serialize(error.toJSON())),
  'postMessage of its JSON': async error => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(error.toJSON());
    const [data] = await once(port2, 'message');
    port1.close();
    return data;
  },
  'process.send': async error => {
    const program = "process.on('message', error => process.send(error, () => process.disconnect()))";
    const child = childProcess.spawn(process.execPath, ['-e', program], { stdio: ['ignore', 2, 2, 'ipc'] });
    child.send(error);
    return (await once(child, 'message'))[0];
  },
};

for (const [way, send] of Object.entries(ways)) {
  test(`an error by ${way} is whole`, async () => {
    for (const keyState of /** @type {const} */ (['unchanged', 'replaced', 'unknown'])) {
      const [code, serverMessage] = [/** @type {const} */ ('MBV_ERR_CANCELLED'), 'No'];
      const details = { code, keyState, httpStatus: 403, serverCode: 7, serverMessage, retryAfterMs: 7000 };
      const sent = new MobivateError('text', details);
      const error = MobivateError.from(await send(sent));
      assert.ok(error instanceof MobivateError);
      assert.equal(`${error}`, 'AbortError: text');
      assert.deepEqual({ ...error }, details);
    }
  });
}

test('a structured clone of an error keeps the text alone, and its key state is unknown', () => {
  const error = new MobivateError('text', { code: 'MBV_ERR_CONNECT', keyState: 'unchanged' });
  for (const clone of [structuredClone(error), v8.deserialize(v8.serialize(error))]) {
    assert.ok(!('keyState' in clone)); // Where the platform keeps it one day, this can go.
    const { message, keyState } = MobivateError.from(clone);
    assert.deepEqual({ message, keyState }, { message: 'text', keyState: 'unknown' });
  }
  assert.equal(MobivateError.from(error), error);
  for (const rest of [undefined, null, 'text', { keyState: 'fine' }]) {
    assert.equal(MobivateError.from(rest).keyState, 'unknown');
  }
});

test('an error that nobody catches in a worker keeps its properties', async () => {
  const worker = new Worker(
    `const { MobivateError } = require(require('node:worker_threads').workerData);
     throw new MobivateError('text', { code: 'MBV_ERR_CONNECT', keyState: 'unchanged' });`,
    { eval: true, workerData: require.resolve('mobivate') },
  );
  const [error] = await once(worker, 'error');
  const { message, keyState, code } = MobivateError.from(error);
  assert.deepEqual([message, keyState, code], ['text', 'unchanged', 'MBV_ERR_CONNECT']);
});

test('what an error does not have is null', async () => {
  const client = new Client({ ...standin.overHttps, baseUrl: `https://${standin.facts.hosts.refused}` });
  await assert.rejects(client.createKey('nobody@example.com', password), {
    name: 'MobivateError',
    code: 'MBV_ERR_CONNECT',
    keyState: 'unchanged',
    httpStatus: null,
    serverCode: null,
    serverMessage: null,
    retryAfterMs: null,
  });
  client.close();
});

test('aborting a signal ends the call with an AbortError that has the key state', async () => {
  const controller = new AbortController();
  const { client, call } = await stalledCall({ signal: controller.signal });
  const why = new Error('changed my mind');
  controller.abort(why);
  const error = await call.then(assert.fail, reason => reason);
  client.close();
  assert.ok(error instanceof MobivateError);
  assert.equal(error.name, 'AbortError');
  assert.equal(error.code, 'MBV_ERR_CANCELLED');
  assert.equal(error.keyState, 'unknown');
  assert.equal(error.cause, why);
  assert.match(error.message, /The old key may be revoked/);
  assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
});

test('AbortSignal.timeout ends a call', async () => {
  const client = new Client({ ...standin.overHttps, baseUrl: `https://${standin.facts.hosts.silent}` });
  const error = await client
    .createKey('nobody@example.com', password, { signal: AbortSignal.timeout(1) })
    .then(assert.fail, reason => reason);
  client.close();
  assert.equal(error.name, 'AbortError');
  assert.equal(error.cause.name, 'TimeoutError');
  assert.equal(error.keyState, 'unchanged');
});

test('a signal is of its own call: aborted later, it ends no other one', async () => {
  const username = await newAccount();
  const client = new Client(standin.overHttps);
  const earlier = new AbortController();
  await client.createKey(username, password, { signal: earlier.signal });
  earlier.abort(); // between two calls
  await client.createKey(username, password);
  const aborted = new AbortController();
  aborted.abort();
  await assert.rejects(client.createKey(username, password, { signal: aborted.signal }), {
    code: 'MBV_ERR_CANCELLED',
    keyState: 'unchanged',
  });
  const key = await client.createKey(username, password, { signal: new AbortController().signal });
  client.close();
  const { requests, valid_key: validKey } = await standin.account(username);
  assert.deepEqual({ requests, validKey }, { requests: 3, validKey: key });
});

test('a signal that is aborted while its call waits for a thread ends it', async () => {
  // More calls than libuv has threads: the last ones are in its queue.
  const controller = new AbortController();
  const clients = Array.from(
    { length: 6 },
    () => new Client({ ...standin.overHttps, baseUrl: `https://${standin.facts.hosts.silent}` }),
  );
  const calls = clients.map(client =>
    client.createKey('nobody@example.com', password, { signal: controller.signal }),
  );
  controller.abort();
  for (const call of await Promise.allSettled(calls)) {
    assert.equal(call.status, 'rejected');
    assert.equal(call.reason.code, 'MBV_ERR_CANCELLED');
  }
  for (const client of clients) client.close();
});

test('asking changes nothing, and a key is accepted or not', async () => {
  const username = await newAccount();
  const client = new Client(standin.overHttps);
  const old = await client.getKeyBytes(username, Buffer.from(password));
  assert.equal(Buffer.from(old).toString(), (await standin.account(username)).valid_key);
  assert.equal(await client.testKey(old), true);
  const key = await client.createKey(username, password);
  assert.equal(await client.getKey(username, password), key);
  const tested = client.testKey(old);
  old.fill(0); // at once
  assert.equal(await tested, false);
  assert.equal(await client.testKey(key), true);
  await assert.rejects(client.testKey('half a \ud83d character'), { code: 'MBV_ERR_INVALID_ARGUMENT' });
  // @ts-expect-error no text
  await assert.rejects(client.testKey(42), TypeError);
  await assert.rejects(client.getKey(username, 'wrong'), {
    code: 'MBV_ERR_CREDENTIALS',
    keyState: 'unchanged',
    httpStatus: 401,
  });
  const aborted = { signal: AbortSignal.abort() };
  const cancelled = { name: 'AbortError', keyState: 'unchanged' };
  await assert.rejects(client.getKey(username, password, aborted), cancelled);
  await assert.rejects(client.testKey(key, aborted), cancelled);
  client.close();
  await assert.rejects(client.getKey(username, password), { code: 'ERR_MOBIVATE_CLOSED' });
  await assert.rejects(client.testKey(key), { code: 'ERR_MOBIVATE_CLOSED' });
});

test("the README's rotation settles an unknown outcome, and creates no second key", async () => {
  const readme = fs.readFileSync(
    path.join(path.dirname(require.resolve('mobivate')), '../README.md'),
    'utf8',
  );
  const [, code] = /** @type {RegExpExecArray} */ (
    /^## Rotating a key\n.*?^```js\n(.*?)^```$/ms.exec(readme)
  );
  const rotate = new Function(`${code}; return rotate;`)();
  const lost = { creates: true, cut: { after: 0, how: 'close' } };
  for (const scenario of [lost, { status: 500 }, {}]) {
    const username = await newAccount(scenario);
    const client = new Client(standin.overHttps);
    /** @type {string[]} */
    const stored = [];
    await rotate(client, username, password, (/** @type {string} */ key) => stored.push(key));
    client.close();
    const { requests, valid_key: valid } = await standin.account(username);
    assert.deepEqual({ requests, stored }, { requests: 1, stored: [valid] });
  }
});

test('closing a client during a call ends the call, and then the client', async () => {
  const relay = await standin.control('POST', '/standin/relays', { target: 'https' });
  const { client, call, state } = await stalledCall({ baseUrl: relay.url });
  client.close();
  assert.equal(state.settled, false);
  await assert.rejects(call, { name: 'AbortError', code: 'MBV_ERR_CANCELLED', keyState: 'unknown' });
  await assert.rejects(client.createKey('nobody@example.com', password), { code: 'ERR_MOBIVATE_CLOSED' });
  assert.equal(
    (await standin.control('GET', `/standin/relays/${relay.id}?closed=1&timeout_ms=10000`)).closed,
    1,
  );
});

test('a closed client does nothing but say so, and may be closed again', async () => {
  const client = new Client();
  client.close();
  client.close();
  const closed = { name: 'Error', code: 'ERR_MOBIVATE_CLOSED', message: 'The client is closed.' };
  await assert.rejects(client.createKey('nobody@example.com', password), closed);
  await assert.rejects(client.createKeyBytes('nobody@example.com', password), closed);
  assert.throws(() => client.set({ timeoutMs: 1 }), closed);
});

test('a client can be disposed of', () => {
  const client = new Client();
  client[Symbol.dispose]();
  assert.throws(() => client.set({}), { code: 'ERR_MOBIVATE_CLOSED' });
});

test('a client in a call takes no other call and no option', async () => {
  const { client, call, state, username } = await stalledCall();
  const busy = { code: 'MBV_ERR_BUSY', keyState: 'unknown', message: /another thread/ };
  await assert.rejects(client.createKey(username, password), busy);
  assert.throws(() => client.set({ timeoutMs: 1 }), busy);
  assert.equal(state.settled, false);
  client.close();
  await assert.rejects(call, { code: 'MBV_ERR_CANCELLED' });
  // Not yet in its thread, and busy all the same.
  const next = new Client(standin.overHttps);
  const first = next.createKey(await newAccount(), password);
  await assert.rejects(next.createKey('nobody@example.com', password), busy);
  assert.equal((await first).length, 36);
  next.close();
});

test('a client that nobody closed is freed once nobody has it', async () => {
  const relay = await standin.control('POST', '/standin/relays', { target: 'http' });
  /** @param {number} milliseconds */
  const closed = async milliseconds =>
    (await standin.control('GET', `/standin/relays/${relay.id}?closed=1&timeout_ms=${milliseconds}`)).closed;
  const username = await newAccount();
  await (async () => {
    const client = new Client({ ...standin.overHttp, baseUrl: relay.url });
    await client.createKey(username, password);
    assert.equal(await closed(0), 0);
    client.set({});
  })();
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc');
  let now = 0;
  for (let turn = 0; turn < 100 && now === 0; ++turn) {
    collect();
    now = await closed(100);
  }
  assert.equal(now, 1);
});

test('options are set by their names, and refused by theirs', () => {
  const client = new Client({ timeoutMs: 5000, userAgent: undefined });
  assert.throws(() => client.set({ connectTimeoutMs: 0 }), {
    code: 'MBV_ERR_INVALID_ARGUMENT',
    keyState: 'unchanged',
    message: /^The option connect_timeout_ms must be a whole number/,
  });
  assert.throws(() => client.set({ caFile: 'a\0b' }), TypeError);
  // @ts-expect-error there is none
  assert.throws(() => client.set({ retries: 3 }), /There is no option "retries"/);
  client.close();
  assert.throws(
    () => new Client({ baseUrl: 'http://example.com' }),
    /The option base_url must begin with https:/,
  );
});

test('texts are strings or bytes, and nothing else', async () => {
  const username = await newAccount();
  const client = new Client(standin.overHttps);
  const text = Buffer.from(`..${password}..`);
  const bytes = new Uint8Array(text.buffer, text.byteOffset + 2, password.length);
  // The call has to wait for a thread: libuv has four.
  const controller = new AbortController();
  const waiting = await Promise.all(
    Array.from({ length: 4 }, () => stalledCall({ signal: controller.signal })),
  );
  const call = client.createKeyBytes(Buffer.from(username), bytes);
  bytes.fill(0); // at once
  controller.abort();
  const key = await call;
  for (const stalled of waiting) {
    await assert.rejects(stalled.call, { code: 'MBV_ERR_CANCELLED' });
    stalled.client.close();
  }
  assert.ok(key instanceof Uint8Array);
  assert.equal(Buffer.from(key).toString(), (await standin.account(username)).valid_key);
  const ofAnotherRealm = vm.runInNewContext('Uint8Array').from(Buffer.from(password));
  assert.equal((await client.createKey(username, ofAnotherRealm)).length, 36);
  // @ts-expect-error no text
  await assert.rejects(client.createKey(username, 42), TypeError);
  // @ts-expect-error no text
  await assert.rejects(client.createKey(undefined, password), TypeError);
  await assert.rejects(client.createKey(username, 'half a \ud83d character'), {
    code: 'MBV_ERR_INVALID_ARGUMENT',
    message: 'The password is not UTF-8 at byte 0. The old key still works.',
  });
  client.close();
});

test('what is no signal is refused, and the client goes on', async () => {
  const username = await newAccount();
  const client = new Client(standin.overHttps);
  // @ts-expect-error no signal
  await assert.rejects(client.createKey(username, password, { signal: {} }), TypeError);
  assert.equal((await client.createKey(username, password)).length, 36);
  client.close();
});

test('two hundred clients at once', async () => {
  const username = await newAccount();
  const clients = Array.from({ length: 200 }, () => new Client(standin.overHttp));
  const keys = await Promise.all(clients.map(client => client.createKey(username, password)));
  for (const client of clients) client.close();
  const { requests, valid_key: valid } = await standin.account(username);
  assert.deepEqual(
    { requests, different: new Set(keys).size, valid: keys.includes(valid) },
    { requests: 200, different: 200, valid: true },
  );
});

test('more calls than koffi takes', async () => {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal); // Node.js warns of more than ten.
  const limit = koffi.config().max_async_calls ?? 0;
  const clients = Array.from(
    { length: limit + 1 },
    () => new Client({ ...standin.overHttps, baseUrl: `https://${standin.facts.hosts.silent}` }),
  );
  const calls = clients.map(client =>
    client.createKey('nobody@example.com', password, { signal: controller.signal }),
  );
  const error = await calls[limit].then(assert.fail, reason => reason);
  assert.ok(error instanceof MobivateError && error.cause instanceof Error);
  assert.equal(error.code, 'MBV_ERR_NO_MEMORY');
  assert.equal(error.keyState, 'unchanged');
  assert.match(error.message, /^The call could not be started: .*[^.]\. The old key still works\.$/);
  controller.abort();
  const codes = (await Promise.allSettled(calls.slice(0, limit))).map(
    call => call.status === 'rejected' && call.reason.code,
  );
  assert.deepEqual(new Set(codes), new Set(['MBV_ERR_CANCELLED']));
  for (const client of clients) client.close(); // None of them is in a call.
});

test('clients in several threads', async () => {
  const usernames = await Promise.all([newAccount(), newAccount(), newAccount()]);
  const results = await Promise.all(
    usernames.map(
      username =>
        new Promise((resolve, reject) => {
          const worker = new Worker(
            `
      const { parentPort, workerData } = require('node:worker_threads');
      const { Client } = require(workerData.mobivate);
      (async () => {
        const client = new Client(workerData.options);
        let key;
        for (let turn = 0; turn < 50; ++turn) {
          key = await client.createKey(workerData.username, workerData.password);
        }
        client.close();
        parentPort.postMessage(key);
      })();`,
            {
              eval: true,
              workerData: {
                mobivate: require.resolve('mobivate'),
                options: standin.overHttp,
                username,
                password,
              },
            },
          );
          worker.on('message', resolve);
          worker.on('error', reject);
        }),
    ),
  );
  for (const [index, username] of usernames.entries()) {
    const { requests, valid_key: valid } = await standin.account(username);
    assert.deepEqual({ requests, valid }, { requests: 50, valid: results[index] });
  }
});

test('a process exits in the middle of a call, and does not wait for the answer', async () => {
  const username = await newAccount(standin.stalls);
  const child = childProcess.spawn(
    process.execPath,
    [
      '-e',
      `
    const { Client } = require(${JSON.stringify(require.resolve('mobivate'))});
    const client = new Client(${JSON.stringify({ ...standin.overHttps, timeoutMs: 600000 })});
    client.createKey(${JSON.stringify(username)}, ${JSON.stringify(password)});
    process.stdin.on('data', () => process.exit(23));`,
    ],
    { stdio: ['pipe', 'inherit', 'inherit'] },
  );
  const ended = new Promise(resolve => {
    child.on('exit', (...how) => resolve(how));
  });
  await standin.account(username, 1);
  child.stdin.write('exit\n');
  assert.deepEqual(await ended, [23, null]); // after ten minutes otherwise
});

test('no listener stays behind', async () => {
  assert.equal(process.listeners('exit').filter(listener => listener.name === 'endCalls').length, 0);
});
