// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');

const library = /** @type {string} */ (process.env.MOBIVATE_LIBRARY);
const stubs = /** @type {string} */ (process.env.MOBIVATE_STUBS);
const platform = `${process.platform}-${process.arch}`;
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
  const beginning =
    'ERR_MOBIVATE_LIBRARY: cannot load libmobivate; tried /nowhere/libmobivate.so.1 (from MOBIVATE_LIBRARY): ';
  assert.ok(message.startsWith(beginning), message);
  assert.match(message, /No such file/);
  assert.ok(message.endsWith(install), message);
});

test('a library that is nowhere: all places', t => {
  const message = newClient({ MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: undefined });
  if (message === 'loaded') return t.skip('it is installed for all');
  const parts = message.split('; ');
  assert.deepEqual(parts.slice(0, 4), [
    'ERR_MOBIVATE_LIBRARY: cannot load libmobivate',
    'tried MOBIVATE_LIBRARY: not set',
    `the package @mobivate/${platform}-musl: not installed`,
    `the package @mobivate/${platform}-gnu: not installed`,
  ]);
  assert.match(parts[4], /^libmobivate\.so\.1 \(on the dynamic loader's search path\): .*No such file/);
  assert.equal(parts[5], install);
});

test("the platform's package has it", t => {
  const installed = require.resolve('mobivate').replace(/(.*node_modules).*/, '$1/@mobivate');
  t.after(() => fs.rmSync(installed, { recursive: true, force: true }));
  const gnu = path.join(installed, `${platform}-gnu/libmobivate.so.1`);
  fs.mkdirSync(path.dirname(gnu), { recursive: true });
  fs.copyFileSync(library, gnu);
  const nowhere = { MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: undefined };
  const everywhere = { MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: path.dirname(library) };
  assert.equal(newClient(nowhere), 'loaded');
  // This one has no memory for a client, so the answer tells which is taken.
  fs.copyFileSync(path.join(stubs, '1.99.99/libmobivate.so.1'), gnu);
  assert.match(newClient(everywhere), /^MBV_ERR_NO_MEMORY/);
  assert.equal(newClient({ ...nowhere, MOBIVATE_LIBRARY: library }), 'loaded');
  // One that cannot be loaded is passed over, and named where there is no other.
  const musl = path.join(installed, `${platform}-musl/libmobivate.so.1`);
  fs.mkdirSync(path.dirname(musl));
  fs.writeFileSync(musl, 'of another system');
  assert.match(newClient(nowhere), /^MBV_ERR_NO_MEMORY/);
  fs.writeFileSync(gnu, 'of another system');
  assert.equal(newClient(everywhere), 'loaded');
  const message = newClient(nowhere);
  if (message !== 'loaded') {
    for (const file of [musl, gnu])
      assert.ok(message.includes(`; ${file} (in the package @mobivate/`), message);
  }
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
