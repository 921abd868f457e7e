// SPDX-License-Identifier: MIT
'use strict';

// Looks for a password and a key in the memory of a process that has used them. The password is made where it
// is used, byte by byte, so that it is in memory for no other reason.

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { test } = require('node:test');
const standin = require('./standin.js');

/** A password of 48 printable bytes, where V8 does not move it. @param {number} seed */
function passwordOf(seed) {
  const bytes = new Uint8Array(new ArrayBuffer(48));
  for (let index = 0; index < bytes.length; ++index)
    bytes[index] = 35 + ((seed * (index + 7) * 31 + index * index * 13) % 57);
  return bytes;
}

/**
 * Creates a key in a process of its own, and counts what is found in its memory afterwards.
 * @param {number} seed
 * @param {string} program creates the key for `username` with `password`, and leaves its size in `size`
 */
async function scan(seed, program) {
  const username = `secrets-${seed}-node@example.com`;
  const password = Buffer.from(passwordOf(seed)).toString();
  await standin.createAccount(username, password, { key_size: 300 });
  const child = childProcess.spawn(
    process.execPath,
    [
      '-e',
      `
    const { Client } = require(${JSON.stringify(require.resolve('mobivate'))});
    ${passwordOf}
    const client = new Client(${JSON.stringify(standin.overHttps)});
    const username = '${username}', password = passwordOf(${seed});
    let size;
    (async () => { ${program} })().then(() => console.log(size));
    process.stdin.on('end', () => client.close()).resume();`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const [size] = await once(child.stdout, 'data');
  const { valid_key: key, requests } = await standin.account(username);
  assert.deepEqual({ size: Number(size), requests }, { size: key.length, requests: 1 });
  const found = { password: 0, key: 0, bytes: 0 };
  const memory = fs.openSync(`/proc/${child.pid}/mem`, 'r');
  for (const line of fs.readFileSync(`/proc/${child.pid}/maps`, 'utf8').split('\n')) {
    const [, start, end, name] = /^([0-9a-f]+)-([0-9a-f]+) rw\S* \S+ \S+ \S+ *(.*)$/.exec(line) ?? [];
    if (!start || name.startsWith('[v')) continue;
    const content = readAll(memory, parseInt(start, 16), parseInt(end, 16));
    found.bytes += content.length;
    found.password += count(content, password);
    found.key += count(content, key);
  }
  fs.closeSync(memory);
  child.stdin.end();
  await ended;
  return found;
}

/** What can be read of a range. @param {number} file @param {number} start @param {number} end */
function readAll(file, start, end) {
  const pieces = [];
  for (let at = start; at < end;) {
    const piece = Buffer.alloc(Math.min(end - at, 1 << 24));
    let size = 0;
    try {
      size = fs.readSync(file, piece, 0, piece.length, at);
    } catch {
      // Guard pages, for example.
    }
    if (size === 0) break;
    pieces.push(piece.subarray(0, size));
    at += size;
  }
  return Buffer.concat(pieces);
}

/**
 * How often the end of a text is there: of what is freed, the beginning is overwritten.
 * @param {Buffer} content
 * @param {string} text
 */
function count(content, text) {
  let found = 0;
  for (const encoding of /** @type {const} */ (['latin1', 'utf16le'])) {
    const wanted = Buffer.from(text.slice(-16), encoding);
    for (let at = content.indexOf(wanted); at >= 0; at = content.indexOf(wanted, at + 1)) ++found;
  }
  return found;
}

test('bytes that their owner wipes are nowhere after a call', async () => {
  const found = await scan(
    11,
    `
    const call = client.createKeyBytes(username, password);
    password.fill(0);
    const key = await call;
    size = key.length;
    key.fill(0);`,
  );
  assert.ok(found.bytes > 10_000_000, `only ${found.bytes} bytes were looked at`);
  assert.deepEqual([found.password, found.key], [0, 0]);
});

test('bytes that nobody wipes are found, and once', async () => {
  const found = await scan(
    12,
    `
    globalThis.kept = [password, await client.createKeyBytes(username, password)];
    size = globalThis.kept[1].length;`,
  );
  assert.deepEqual([found.password, found.key], [1, 1]);
});
