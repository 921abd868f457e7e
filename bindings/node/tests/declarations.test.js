// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const entry = require.resolve('mobivate');
const { declarations, keyCapacity, keyStates, status } = require(
  path.join(path.dirname(entry), 'library.js'),
);
const header = JSON.parse(fs.readFileSync(/** @type {string} */ (process.env.MOBIVATE_HEADER), 'utf8'));
const types = fs.readFileSync(path.join(path.dirname(entry), '../types/index.d.ts'), 'utf8');

/** The words of a union of strings in the types. @param {string} name */
function unionOf(name) {
  const declaration = new RegExp(`export type ${name} =([^;]*);`).exec(
    types.replaceAll(/\/\*\*.*?\*\//gs, ''),
  );
  return [.../** @type {RegExpExecArray} */ (declaration)[1].matchAll(/'(\w+)'/g)].map(match => match[1]);
}

test("the functions are the header's", () => {
  for (const [returns, name, parameters] of declarations) {
    assert.deepEqual({ returns, parameters }, header.functions[name], name);
  }
});

test('all of them, but those that are needless: a key of any size fits, and an error has its message', () => {
  const declared = declarations.map((/** @type {string[]} */ declaration) => declaration[1]);
  assert.deepEqual(
    Object.keys(header.functions).filter(name => !declared.includes(name)),
    ['mbv_take_key', 'mbv_status_message'],
  );
  assert.ok(keyCapacity >= header.constants.MBV_KEY_CAPACITY);
});

test("the values are the header's", () => {
  for (const [name, value] of Object.entries(status)) assert.equal(value, header.status[name], name);
  const numbers = Object.fromEntries(
    keyStates.map((/** @type {string} */ name, /** @type {number} */ number) => [
      `MBV_KEY_${name.toUpperCase()}`,
      number,
    ]),
  );
  assert.deepEqual(numbers, header.key_states);
});

test("the types' names are the header's", () => {
  assert.deepEqual(
    unionOf('ErrorCode').sort(),
    Object.keys(header.status)
      .filter(name => name !== 'MBV_OK')
      .sort(),
  );
  assert.deepEqual(unionOf('KeyState'), [...keyStates]);
});

test('every option of the library has its type, under its name', () => {
  const { Client } = require('mobivate');
  const members = /export interface ClientOptions \{(.*?)\n\}/s.exec(types)?.[1] ?? '';
  const names = [...members.matchAll(/^ {2}(\w+)\?:/gm)].map(match => match[1]);
  assert.equal(names.length, 7);
  const client = new Client();
  for (const name of names) {
    const value = {
      baseUrl: 'https://example.com',
      proxy: '',
      caFile: entry,
      caDir: path.dirname(entry),
      userAgent: 'test/1',
    }[name];
    client.set({ [name]: value ?? 1000 });
  }
  client.close();
});
