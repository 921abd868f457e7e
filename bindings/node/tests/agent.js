// SPDX-License-Identifier: MIT
'use strict';

// The agent of the conformance cases: tests/bindings/README.md says what it is told.

const fs = require('node:fs');
const readline = require('node:readline');
const { Client, MobivateError } = require('mobivate');

/** @typedef {{ client: Client, controller: AbortController, call: Promise<string>, kept: string[] }} User */
/** @type {Map<string, User>} */
const users = new Map();

const text = (/** @type {string} */ field) => (field === '-' ? '' : Buffer.from(field, 'hex').toString());
const field = (/** @type {string} */ text) => Buffer.from(text).toString('hex') || '-';
const optionName = (/** @type {string} */ name) => name.replace(/_./g, part => part[1].toUpperCase());

/** @param {() => Promise<string> | string} call @param {string} keyState where it succeeds */
async function outcome(call, keyState = 'unchanged') {
  try {
    return `MBV_OK ${keyState} 0 0 - -1 - ${field(await call())}`;
  } catch (/** @type {any} */ error) {
    if (error.code === 'ERR_MOBIVATE_CLOSED') return 'closed';
    if (!(error instanceof MobivateError)) return `error ${field(String(error.stack))}`;
    const { code, keyState, httpStatus, serverCode, serverMessage, retryAfterMs, message } = error;
    return [
      `${code} ${keyState} ${httpStatus ?? 0} ${serverCode ?? 0} ${field(serverMessage ?? '')}`,
      `${retryAfterMs ?? -1} ${field(message)} -`,
    ].join(' ');
  }
}

/** @param {string} number @param {string[]} texts */
function make(number, texts) {
  /** @type {Record<string, string>} */
  const options = {};
  for (let at = 0; at < texts.length; at += 2) options[optionName(texts[at])] = texts[at + 1];
  const client = new Client(options);
  users.set(number, { client, controller: new AbortController(), call: Promise.resolve(''), kept: [] });
  return '';
}

/** @param {User} user @param {string[]} fields */
async function repeat({ client, kept }, [count, kind, secretsIn, username, secretFile]) {
  const file = fs.openSync(text(secretFile), 'r');
  const secret = new Uint8Array(new ArrayBuffer(fs.fstatSync(file).size));
  fs.readSync(file, secret);
  fs.closeSync(file);
  const name = text(username);
  if (secretsIn === 'text') kept[0] = Buffer.from(secret).toString();
  for (let turn = 0; turn < Number(count); ++turn) {
    if (kind === 'test') {
      if (!(await client.testKey(secretsIn === 'text' ? kept[0] : secret)))
        throw new Error('The key is refused.');
    } else if (secretsIn === 'text') {
      kept[1] = await (kind === 'get' ? client.getKey(name, kept[0]) : client.createKey(name, kept[0]));
    } else {
      const key = kind === 'get' ? client.getKeyBytes(name, secret) : client.createKeyBytes(name, secret);
      (await key).fill(0);
    }
  }
  secret.fill(0);
}

/** @param {string} command @param {string} number @param {string[]} fields */
async function answer(command, number, fields) {
  if (command === 'quit') return 'ok';
  if (command === 'runtime') return field(`Node.js ${process.versions.node}`);
  if (command === 'new') return outcome(() => make(number, fields.map(text)));
  const user = /** @type {User} */ (users.get(number));
  const [first, second] = fields;
  const { signal } = user.controller;
  const create = () => user.client.createKey(text(first), text(second), { signal });
  if (command === 'create') return outcome(create, 'replaced');
  if (command === 'get') return outcome(() => user.client.getKey(text(first), text(second), { signal }));
  if (command === 'test') {
    let accepted = true;
    const line = await outcome(async () => {
      accepted = await user.client.testKey(text(first), { signal });
      return '';
    });
    return accepted ? line : 'MBV_ERR_CREDENTIALS unchanged 401 0 - -1 - -';
  }
  if (command === 'wait') return user.call;
  if (command === 'set') {
    return outcome(() => {
      user.client.set({ [optionName(text(first))]: text(second) });
      return '';
    });
  }
  if (command === 'start') user.call = outcome(create, 'replaced');
  else if (command === 'cancel') user.controller.abort();
  else if (command === 'uncancel') user.controller = new AbortController();
  else if (command === 'close') user.client.close();
  else if (command === 'repeat') await repeat(user, fields);
  else return `error ${field(`there is no command ${command}`)}`;
  return 'ok';
}

async function main() {
  for await (const line of readline.createInterface(process.stdin)) {
    const [command, number, ...fields] = line.split(' ');
    fs.writeSync(1, `${await answer(command, number, fields)}\n`);
    if (command === 'quit') break;
  }
}

main();
