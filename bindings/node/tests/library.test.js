// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const library = /** @type {string} */ (process.env.MOBIVATE_LIBRARY);
const stubs = /** @type {string} */ (process.env.MOBIVATE_STUBS);
const install = 'install libmobivate 1.1 or a newer 1.x, or set MOBIVATE_LIBRARY to its file';

/**
 * Makes a client in a process of its own.
 * @param {NodeJS.ProcessEnv} changes
 */
function newClient(changes) {
  const program = `
    const { Client } = require(${JSON.stringify(require.resolve('mobivate'))});
    try {
      new Client().close();
      console.log('loaded');
    } catch (error) {
      console.log(error.code + ': ' + error.message);
    }`;
  const environment = { ...process.env, ...changes };
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete environment[name];
  return childProcess
    .execFileSync(process.execPath, ['-e', program], { env: environment, encoding: 'utf8' })
    .trim();
}

test('MOBIVATE_LIBRARY names the library', () => {
  assert.equal(newClient({ MOBIVATE_LIBRARY: library }), 'loaded');
});

test('without it, the dynamic loader finds it', () => {
  assert.equal(newClient({ MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: path.dirname(library) }), 'loaded');
  assert.equal(newClient({ MOBIVATE_LIBRARY: '', LD_LIBRARY_PATH: path.dirname(library) }), 'loaded');
});

test('a missing library: what was looked for, where, and what to install', () => {
  const message = newClient({ MOBIVATE_LIBRARY: '/nowhere/libmobivate.so.1' });
  const beginning = 'ERR_MOBIVATE_LIBRARY: cannot load /nowhere/libmobivate.so.1 (from MOBIVATE_LIBRARY): ';
  assert.ok(message.startsWith(beginning), message);
  assert.match(message, /No such file/);
  assert.ok(message.endsWith(install), message);
});

test('a library that is something else', () => {
  /** @type {any} */
  const report = process.report?.getReport();
  const file = report.sharedObjects.find((/** @type {string} */ name) => name.includes('/libc.so'));
  const message = newClient({ MOBIVATE_LIBRARY: file });
  const beginning = `ERR_MOBIVATE_LIBRARY: ${file} (from MOBIVATE_LIBRARY) is not libmobivate 1.x: `;
  assert.ok(message.startsWith(beginning), message);
  assert.ok(message.endsWith(install), message);
});

for (const version of ['0.9.0', '1.0.0', '2.0.0']) {
  test(`libmobivate ${version}`, () => {
    assert.equal(
      newClient({ MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: path.join(stubs, version) }),
      `ERR_MOBIVATE_LIBRARY: libmobivate.so.1 (on the dynamic loader's search path): found libmobivate ` +
        `${version}; this package needs >= 1.1.0, < 2; ${install}`,
    );
  });
}

test('a newer libmobivate 1.x will do', () => {
  // It is taken, and then does nothing: mbv_new returns NULL.
  assert.equal(
    newClient({ MOBIVATE_LIBRARY: path.join(stubs, '1.99.99/libmobivate.so.1') }),
    'MBV_ERR_NO_MEMORY: There was no memory for a client. The old key still works.',
  );
});
