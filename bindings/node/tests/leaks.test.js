// SPDX-License-Identifier: MIT
'use strict';

// Ten thousand calls leave no memory and no descriptor behind.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const v8 = require('node:v8');
const vm = require('node:vm');
const koffi = require('koffi');
const { Client } = require('mobivate');
const standin = require('./standin.js');

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
const libc = koffi.load('libc.so.6');
const members = [
  'arena',
  'ordblks',
  'smblks',
  'hblks',
  'hblkhd',
  'usmblks',
  'fsmblks',
  'uordblks',
  'fordblks',
  'keepcost',
];
const MallocState = koffi.struct(Object.fromEntries(members.map(name => [name, 'size_t'])));
const mallinfo2 = libc.func('mallinfo2', MallocState, []);
const usual = 'leaks-node@example.com';
const long = 'leaks-long-node@example.com';

/** Calls on a client of their own: created, refused, cancelled, with a long key, and closed meanwhile. */
async function hundredCalls() {
  const client = new Client(standin.overHttp);
  const { signal } = new AbortController();
  for (let turn = 0; turn < 100; ++turn) {
    switch (turn % 10) {
      case 6:
        await assert.rejects(client.createKey(usual, 'correct-password', { signal: AbortSignal.abort() }), {
          code: 'MBV_ERR_CANCELLED',
        });
        break;
      case 7:
        assert.equal((await client.createKey(long, 'correct-password')).length, 4096);
        break;
      case 8:
        await assert.rejects(client.createKey(usual, 'wrong'), { code: 'MBV_ERR_CREDENTIALS' });
        break;
      default:
        assert.equal((await client.createKey(usual, 'correct-password', { signal })).length, 36);
    }
  }
  client.close();
  const closed = new Client(standin.overHttp);
  const call = closed.createKey(usual, 'correct-password');
  closed.close();
  await call.catch(() => {});
}

async function sizes() {
  // Twice, with a turn of the event loop between: what is finalised is freed by the second one.
  for (let turn = 0; turn < 2; ++turn) {
    collect();
    await new Promise(resolve => setImmediate(resolve));
  }
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  // Anonymous pages alone: those of files come and go with what else runs.
  const [, kib] = /RssAnon:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8')) ?? [];
  const resident = Number(kib) * 1024;
  // The heap of V8 takes more pages as it sees fit; what is used of it is counted by itself.
  const others = resident - heapTotal;
  const { uordblks, hblkhd } = mallinfo2();
  return {
    descriptors: fs.readdirSync('/proc/self/fd').length,
    heapUsed,
    external,
    arrayBuffers,
    malloc: uordblks + hblkhd,
    others,
  };
}

test('ten thousand calls leave nothing', async t => {
  await standin.createAccount(usual);
  await standin.createAccount(long, 'correct-password', { key: 'k'.repeat(4096) });
  for (let turn = 0; turn < 30; ++turn) await hundredCalls();
  const before = await sizes();
  for (let turn = 0; turn < 70; ++turn) await hundredCalls();
  const after = await sizes();
  t.diagnostic(JSON.stringify({ before, after }));
  assert.equal(after.descriptors, before.descriptors);
  // In bytes: more than V8 compiles and keeps meanwhile, and less than 60 bytes for each of the 7000 calls;
  // of other pages, which come in the allocators' steps, less than one for each.
  const room = {
    heapUsed: 400 * 1024,
    malloc: 400 * 1024,
    external: 64 * 1024,
    arrayBuffers: 64 * 1024,
    others: 16 * 1024 * 1024,
  };
  for (const [name, bytes] of Object.entries(room)) {
    const grown =
      after[/** @type {keyof typeof room} */ (name)] - before[/** @type {keyof typeof room} */ (name)];
    assert.ok(grown < bytes, `${name} grew by ${grown} bytes`);
  }
});
