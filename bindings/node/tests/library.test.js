// SPDX-License-Identifier: MIT
'use strict';

const assert = require('node:assert/strict');
const childProcess = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const library = /** @type {string} */ (process.env.MOBIVATE_LIBRARY);
const install = 'install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.';

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

/**
 * A library made of these lines of C; undefined where no compiler is there.
 * @param {import('node:test').TestContext} t
 * @param {string[]} lines
 */
function compile(t, lines) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mobivate-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'libmobivate.so.1');
  const compiler = childProcess.spawnSync('cc', ['-shared', '-fPIC', '-xc', '-', '-o', file], {
    input: lines.join('\n'),
  });
  if (compiler.error) return t.skip('there is no C compiler');
  assert.equal(compiler.status, 0, String(compiler.stderr));
  return file;
}

/** @param {string} version @param {number} number */
function stub(version, number) {
  const { declarations } = require(path.join(path.dirname(require.resolve('mobivate')), 'library.js'));
  const others = declarations
    .map((/** @type {string[]} */ one) => one[1])
    .filter((/** @type {string} */ name) => !name.startsWith('mbv_version'));
  return [
    `const char *mbv_version(void) { return "${version}"; }`,
    `int mbv_version_number(void) { return ${number}; }`,
    ...others.map((/** @type {string} */ name) => `void ${name}(void) {}`),
  ];
}

test('MOBIVATE_LIBRARY names the library', () => {
  assert.equal(newClient({ MOBIVATE_LIBRARY: library }), 'loaded');
});

test('without it, the dynamic loader finds it', () => {
  assert.equal(newClient({ MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: path.dirname(library) }), 'loaded');
  assert.equal(newClient({ MOBIVATE_LIBRARY: '', LD_LIBRARY_PATH: path.dirname(library) }), 'loaded');
});

test('a missing library: what was looked for, where, and what to install', () => {
  assert.match(
    newClient({ MOBIVATE_LIBRARY: '/nowhere/libmobivate.so.1' }),
    /^ERR_MOBIVATE_LIBRARY: \/nowhere\/libm\S+, which MOBIVATE_LIBRARY names, could not be loaded \(.*No su/,
  );
  assert.ok(newClient({ MOBIVATE_LIBRARY: '/nowhere/libmobivate.so.1' }).endsWith(install));
});

test('a library that is something else', t => {
  const file = compile(t, ['int something_else;']);
  if (!file) return;
  const found = newClient({ MOBIVATE_LIBRARY: file });
  assert.ok(
    found.startsWith(`ERR_MOBIVATE_LIBRARY: ${file}, which MOBIVATE_LIBRARY names, is not libmobivate 1.x (`),
    found,
  );
  assert.ok(found.endsWith(install), found);
});

for (const [version, number] of /** @type {const} */ ([
  ['0.9.9', 909],
  ['2.0.0', 20000],
])) {
  test(`a library of version ${version}`, t => {
    const file = compile(t, stub(version, number));
    if (!file) return;
    assert.equal(
      newClient({ MOBIVATE_LIBRARY: undefined, LD_LIBRARY_PATH: path.dirname(file) }),
      `ERR_MOBIVATE_LIBRARY: libmobivate.so.1, on the dynamic loader's search path, has version ` +
        `${version}, and 1.0.0 or newer, and below 2, is needed; ${install}`,
    );
  });
}

test('a library of version 1.99.99 will do', t => {
  const file = compile(t, [
    ...stub('1.99.99', 19999).filter(line => !line.includes('mbv_new')),
    'void *mbv_new(void) { static int client; return &client; }',
  ]);
  if (!file) return;
  assert.equal(newClient({ MOBIVATE_LIBRARY: file }), 'loaded');
});
