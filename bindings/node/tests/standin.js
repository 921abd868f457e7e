// SPDX-License-Identifier: MIT
'use strict';

// The stand-in service, as tests/standin/README.md describes it.

const http = require('node:http');

/** @type {any} */
const facts = JSON.parse(process.env.MOBIVATE_STANDIN ?? '{}');
// Connections are kept, and those of Node.js do not stop a test from ending.
const agent = new http.Agent({ keepAlive: true });

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
function control(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(facts.http + path, {
      method,
      agent,
      headers: { 'Content-Type': 'application/json' },
    });
    request.on('error', reject);
    request.on('response', async answer => {
      /** @type {Buffer[]} */
      const parts = [];
      for await (const part of answer) parts.push(part);
      const text = Buffer.concat(parts).toString();
      if ((answer.statusCode ?? 0) >= 300)
        reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
      else resolve(JSON.parse(text));
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/**
 * @param {string} username
 * @param {string} [password]
 * @param {unknown} [scenario]
 */
function createAccount(username, password = 'correct-password', scenario = {}) {
  return control('POST', '/standin/accounts', { username, password, scenario });
}

/**
 * What is true of an account, once there were so many requests.
 * @param {string} username
 * @param {number} requests
 */
function account(username, requests = 0) {
  return control(
    'GET',
    `/standin/accounts/${encodeURIComponent(username)}?requests=${requests}&timeout_ms=10000`,
  );
}

/** The options that reach the stand-in. */
const overHttps = { baseUrl: facts.https, caFile: facts.ca_file, proxy: '' };
const overHttp = { baseUrl: facts.http, proxy: '' };

/** A scenario that answers never. */
const stalls = { creates: true, cut: { after: 0, how: 'stall' } };

module.exports = { account, control, createAccount, facts, overHttp, overHttps, stalls };
