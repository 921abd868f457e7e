// SPDX-License-Identifier: MIT
'use strict';

const koffi = require('koffi');

const defaultName = 'libmobivate.so.1';
const oldest = 10000;
const tooNew = 20000;

// The functions of mobivate.h that are used here: return type, name, parameter types, as the header writes
// them.
const declarations = Object.freeze(
  /** @type {const} */ ([
    ['mbv_client *', 'mbv_new', []],
    ['void', 'mbv_free', ['mbv_client *']],
    ['int32_t', 'mbv_set', ['mbv_client *', 'const char *', 'const char *']],
    [
      'int32_t',
      'mbv_create_key',
      ['mbv_client *', 'const char *', 'size_t', 'const char *', 'size_t', 'char *', 'size_t', 'size_t *'],
    ],
    ['size_t', 'mbv_error_message', ['const mbv_client *', 'char *', 'size_t']],
    ['int32_t', 'mbv_key_state', ['const mbv_client *']],
    ['int32_t', 'mbv_http_status', ['const mbv_client *']],
    ['int32_t', 'mbv_server_code', ['const mbv_client *']],
    ['size_t', 'mbv_server_message', ['const mbv_client *', 'char *', 'size_t']],
    ['int64_t', 'mbv_retry_after_ms', ['const mbv_client *']],
    ['void', 'mbv_cancel', ['mbv_client *']],
    ['void', 'mbv_uncancel', ['mbv_client *']],
    ['const char *', 'mbv_status_name', ['int32_t']],
    ['const char *', 'mbv_version', []],
    ['int32_t', 'mbv_version_number', []],
  ]),
);

const status = Object.freeze({
  MBV_OK: 0,
  MBV_ERR_NO_MEMORY: -2,
  MBV_ERR_BUSY: -3,
  MBV_ERR_CANCELLED: -4,
});

/** The key states, by their numbers. */
const keyStates = Object.freeze(/** @type {const} */ (['unchanged', 'replaced', 'unknown']));

// Room for the longest key there is, so that none is left to be taken with mbv_take_key.
const keyCapacity = 4097;

// On this stack, which is of koffi's making, run libcurl and the TLS library in an asynchronous call.
// libmobivate alone wipes 96 KiB of it after each call, and koffi's own choice is 128 KiB.
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

/** @returns {Library} */
function loadNow() {
  const named = process.env.MOBIVATE_LIBRARY;
  const where = named
    ? `${named}, which MOBIVATE_LIBRARY names,`
    : `${defaultName}, on the dynamic loader's search path,`;
  const install = 'install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY';
  try {
    if ((koffi.config().async_stack_size ?? 0) < stackSize) koffi.config({ async_stack_size: stackSize });
  } catch {
    // Somebody else has loaded a library with koffi already; then its own stacks have to do, and they do.
  }
  let handle;
  try {
    handle = koffi.load(named || defaultName);
  } catch (error) {
    throw loadError(`${where} could not be loaded (${reason(error)}); ${install}.`, error);
  }
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
  /** @type {Record<string, unknown>} */
  const library = {};
  try {
    for (const [result, name, parameters] of declarations) {
      library[name] = handle.func(
        name,
        resultTypes[result] ?? result,
        parameters.map(type => parameterTypes[type] ?? type),
      );
    }
  } catch (error) {
    throw loadError(`${where} is not libmobivate 1.x (${reason(error)}); ${install}.`, error);
  }
  const functions = /** @type {Library} */ (library);
  const version = functions.mbv_version_number();
  if (version < oldest || version >= tooNew) {
    const found = functions.mbv_version();
    throw loadError(`${where} has version ${found}, and 1.0.0 or newer, and below 2, is needed; ${install}.`);
  }
  return functions;
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof Error ? error.message : String(error);
}

module.exports = { declarations, keyCapacity, keyStates, load, status };
