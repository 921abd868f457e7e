// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const standin = require('./standin.js');

const folder = path.dirname(__dirname);
const [, example] =
  /** @type {RegExpExecArray} */
  (/```js\n(.*?)```/s.exec(fs.readFileSync(path.join(folder, 'README.md'), 'utf8')));
const account = 'first.last@example.com';

/**
 * Runs the README's example, with the options that reach the stand-in.
 * @param {object} options
 * @returns {Promise<{ output: string, errors: string, exitCode: number | null }>}
 */
function run(options) {
  assert.ok(example.includes('new Client()'));
  const program = example.replace('new Client()', `new Client(${JSON.stringify(options)})`);
  const child = childProcess.spawn(process.execPath, ['--input-type=module', '-'], { cwd: folder });
  let [output, errors] = ['', ''];
  child.stdout.on('data', data => {
    output += data;
  });
  child.stderr.on('data', data => {
    errors += data;
  });
  child.stdin.end(program);
  return new Promise(resolve => {
    child.on('close', exitCode => resolve({ output, errors, exitCode }));
  });
}

test("the README's example prints the new key", async () => {
  await standin.createAccount(account, 'your-pass');
  const { output, errors, exitCode } = await run(standin.overHttps);
  const { valid_key: key, requests } = await standin.account(account);
  assert.deepEqual(
    { output, errors, exitCode, requests },
    { output: `${key}\n`, errors: '', exitCode: 0, requests: 1 },
  );
});

test("the README's example says what became of the old key", async () => {
  await standin.createAccount(account, 'another password');
  assert.deepEqual(await run(standin.overHttps), {
    output: '',
    exitCode: 0,
    errors:
      'The server refused the user name or password (HTTP 401): Invalid Credentials. ' +
      'The old key still works. \n',
  });
  await standin.createAccount(account, 'your-pass', { status: 500, creates: true });
  assert.match((await run(standin.overHttps)).errors, /The old key may be revoked.* Run this again\.\n$/);
});

test("the example's file is the README's", () => {
  assert.equal(
    fs.readFileSync(path.join(folder, 'examples/create-key.mjs'), 'utf8'),
    `// SPDX-License-Identifier: MIT\n${example}`,
  );
});
