// SPDX-License-Identifier: MIT
'use strict';

// The stand-in service, as tests/standin/README.md describes it.

const { once } = require('node:events');
const http = require('node:http');
const { json } = require('node:stream/consumers');

/** @type {any} */
const facts = JSON.parse(process.env.MOBIVATE_STANDIN ?? '{}');

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
async function control(method, path, body) {
  const headers = { 'Content-Type': 'application/json' };
  const request = http.request(facts.http + path, { method, headers, agent: false });
  request.end(body && JSON.stringify(body));
  const [answer] = await once(request, 'response');
  const found = await json(answer);
  if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(found)}`);
  return found;
}

/** @param {string} username @param {string} [password] @param {unknown} [scenario] */
function createAccount(username, password = 'correct-password', scenario = {}) {
  return control('POST', '/standin/accounts', { username, password, scenario });
}

/** What is true of an account, once there were so many requests. @param {string} username */
function account(username, requests = 0) {
  const query = `requests=${requests}&timeout_ms=10000`;
  return control('GET', `/standin/accounts/${encodeURIComponent(username)}?${query}`);
}

/** The options that reach the stand-in. */
const overHttps = { baseUrl: facts.https, caFile: facts.ca_file, proxy: '' };
const overHttp = { baseUrl: facts.http, proxy: '' };

/** A scenario that never answers. */
const stalls = { creates: true, cut: { after: 0, how: 'stall' } };

module.exports = { account, control, createAccount, facts, overHttp, overHttps, stalls };
