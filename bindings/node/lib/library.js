// SPDX-License-Identifier: MIT
'use strict';

const koffi = require('koffi');

const onWindows = process.platform === 'win32';
const defaultName = onWindows ? 'mobivate.dll' : 'libmobivate.so.1';
const install = 'install libmobivate 1.1 or a newer 1.x, or set MOBIVATE_LIBRARY to its file';
const needed = '>= 1.1.0, < 2';

// The functions of mobivate.h that are used here: return type, name, parameter types, as the header writes
// them.
const declarations = Object.freeze(
  /** @type {const} */ ([
    // The version first: an older library lacks some of the others.
    ['const char *', 'mbv_version', []],
    ['int32_t', 'mbv_version_number', []],
    ['mbv_client *', 'mbv_new', []],
    ['void', 'mbv_free', ['mbv_client *']],
    ['int32_t', 'mbv_set', ['mbv_client *', 'const char *', 'const char *']],
    [
      'int32_t',
      'mbv_create_key',
      ['mbv_client *', 'const char *', 'size_t', 'const char *', 'size_t', 'char *', 'size_t', 'size_t *'],
    ],
    [
      'int32_t',
      'mbv_get_key',
      ['mbv_client *', 'const char *', 'size_t', 'const char *', 'size_t', 'char *', 'size_t', 'size_t *'],
    ],
    ['int32_t', 'mbv_test_key', ['mbv_client *', 'const char *', 'size_t']],
    ['size_t', 'mbv_error_message', ['const mbv_client *', 'char *', 'size_t']],
    ['int32_t', 'mbv_key_state', ['const mbv_client *']],
    ['int32_t', 'mbv_http_status', ['const mbv_client *']],
    ['int32_t', 'mbv_server_code', ['const mbv_client *']],
    ['size_t', 'mbv_server_message', ['const mbv_client *', 'char *', 'size_t']],
    ['int64_t', 'mbv_retry_after_ms', ['const mbv_client *']],
    ['void', 'mbv_cancel', ['mbv_client *']],
    ['void', 'mbv_uncancel', ['mbv_client *']],
    ['const char *', 'mbv_status_name', ['int32_t']],
  ]),
);

const status = Object.freeze({
  MBV_OK: 0,
  MBV_ERR_NO_MEMORY: -2,
  MBV_ERR_BUSY: -3,
  MBV_ERR_CANCELLED: -4,
  MBV_ERR_CREDENTIALS: -10,
});

/** The key states, by their numbers. */
const keyStates = Object.freeze(/** @type {const} */ (['unchanged', 'replaced', 'unknown']));

// Holds the longest key there is and its NUL, so that none is left for mbv_take_key.
const keyCapacity = 4097;

// An asynchronous call runs on a stack that koffi makes, and libcurl and the TLS library with it: koffi's default is
// too small for them.
const stackSize = 1024 * 1024;

/** @typedef {import('koffi').KoffiFunc<(...parameters: any[]) => any>} NativeFunction */
/** @typedef {Record<(typeof declarations)[number][1], NativeFunction>} Library */

/** @type {Library | undefined} */
let loaded;

/**
 * @param {string} message
 * @param {unknown} [cause]
 */
function loadError(message, cause) {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), {
    code: 'ERR_MOBIVATE_LIBRARY',
  });
}

/** @returns {Library} the library, loaded by the first call */
function load() {
  return (loaded ??= loadNow());
}

/**
 * Opens the library: what MOBIVATE_LIBRARY names and nothing else, or else the one in the platform's package, or else
 * the system's. npm installs the package for the libc that there is; where both are, musl's comes first, since it
 * cannot be loaded on glibc.
 */
function open() {
  const named = process.env.MOBIVATE_LIBRARY;
  const places = [];
  const tried = [];
  if (named) {
    places.push({ name: named, where: `${named} (from MOBIVATE_LIBRARY)` });
  } else {
    tried.push('MOBIVATE_LIBRARY: not set');
    const machine = `@mobivate/${process.platform}-${process.arch}`;
    for (const platform of onWindows ? [machine] : [`${machine}-musl`, `${machine}-gnu`]) {
      try {
        const name = require.resolve(`${platform}/${defaultName}`);
        places.push({ name, where: `${name} (in the package ${platform})` });
      } catch {
        tried.push(`the package ${platform}: not installed`);
      }
    }
    places.push({ name: defaultName, where: `${defaultName} (on the dynamic loader's search path)` });
  }
  let cause;
  for (const { name, where } of places) {
    try {
      return { handle: koffi.load(name), where };
    } catch (error) {
      tried.push(`${where}: ${reason(error)}`);
      cause = error;
    }
  }
  throw loadError(`cannot load libmobivate; tried ${tried.join('; ')}; ${install}`, cause);
}

/** @returns {Library} */
function loadNow() {
  try {
    if ((koffi.config().async_stack_size ?? 0) < stackSize) koffi.config({ async_stack_size: stackSize });
  } catch {
    // Someone else has loaded a library with koffi already; its stacks are then as they are.
  }
  const { handle, where } = open();
  const pointer = koffi.pointer(koffi.opaque());
  /** @type {Record<string, import('koffi').TypeObject | string | ReturnType<typeof koffi.out>>} */
  const parameterTypes = {
    'mbv_client *': pointer,
    'const mbv_client *': pointer,
    'const char *': 'const void *', // Buffers: koffi's own strings are not wiped.
    'char *': 'void *',
    'size_t *': koffi.out(koffi.pointer('size_t')),
  };
  /** @type {Record<string, import('koffi').TypeObject | string>} */
  const resultTypes = { 'mbv_client *': pointer, 'const char *': 'str' };
  /** @type {Record<string, any>} */
  const library = {};
  for (const [result, name, parameters] of declarations) {
    try {
      library[name] = handle.func(
        name,
        resultTypes[result] ?? result,
        parameters.map(type => parameterTypes[type] ?? type),
      );
    } catch (error) {
      throw loadError(`${where} is not libmobivate 1.x: ${reason(error)}; ${install}`, error);
    }
    if (name === 'mbv_version_number') {
      const version = library.mbv_version_number();
      if (version < 10100 || version >= 20000) {
        const found = `libmobivate ${library.mbv_version()}`;
        throw loadError(`${where}: found ${found}; this package needs ${needed}; ${install}`);
      }
    }
  }
  return /** @type {Library} */ (library);
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof Error ? error.message : String(error);
}

module.exports = { declarations, keyCapacity, keyStates, load, status };
