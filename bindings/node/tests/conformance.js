// SPDX-License-Identifier: MIT
'use strict';

// Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { Client, MobivateError } = require('mobivate');
const standin = require('./standin.js');

const inWords = ['The old key still works.', 'The old key is revoked.', 'The old key may be revoked'];

/** @typedef {{ key?: string, error?: any }} Outcome */

/** @param {any} rule a text, or {"repeat": [TEXT, COUNT]} */
function textOf(rule) {
  return typeof rule === 'string' ? rule : rule.repeat[0].repeat(rule.repeat[1]);
}

/** @param {string} name the name of an option in mobivate.h */
function optionName(name) {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
}

/** @param {any} one */
function clientFor(one) {
  const [group, member] = (one.base_url ?? 'https').split('.', 2);
  let baseUrl = one.base_url ?? 'https';
  if (group === 'hosts') baseUrl = `https://${standin.facts.hosts[member]}`;
  else if (group === 'tls_faults') baseUrl = standin.facts.tls_faults[member];
  else if (group === 'https' || group === 'http') baseUrl = standin.facts[group];
  /** @type {Record<string, string | number>} */
  const options = { proxy: '', baseUrl };
  if (one.ca_file !== false) options.caFile = standin.facts.ca_file;
  for (const [name, value] of Object.entries(one.options ?? {})) {
    options[optionName(name)] = name.endsWith('_ms') ? Number(value) : String(value);
  }
  return new Client(options);
}

/**
 * @param {() => Promise<string>} call
 * @returns {Promise<Outcome>}
 */
async function outcomeOf(call) {
  try {
    return { key: await call() };
  } catch (error) {
    return { error };
  }
}

/**
 * @param {Outcome} outcome
 * @param {any} expected
 */
function compare({ key, error }, expected) {
  if (expected.closed) {
    assert.equal(error?.code, 'ERR_MOBIVATE_CLOSED', `not the error of a closed client: ${error}`);
    return;
  }
  if (error) assert.ok(error instanceof MobivateError, `not an error of the library: ${error?.stack}`);
  const found = {
    status: error?.code ?? 'MBV_OK',
    key_state: error?.keyState ?? 'replaced',
    http_status: error?.httpStatus ?? 0,
    server_code: error?.serverCode ?? 0,
    server_message: error?.serverMessage ?? '',
    retry_after_ms: error?.retryAfterMs ?? -1,
    key_size: Buffer.byteLength(key ?? ''),
  };
  for (const [name, value] of Object.entries(expected)) {
    if (name in found) {
      assert.equal(found[/** @type {keyof typeof found} */ (name)], value, name);
    } else if (name === 'message_contains') {
      for (const text of [value].flat())
        assert.ok(error?.message.includes(text), `"${error?.message}" lacks "${text}"`);
    } else if (name === 'message_lacks') {
      for (const text of value) {
        assert.ok(!`${error} ${error.serverMessage}`.includes(text), `"${error}" contains "${text}"`);
      }
    } else {
      assert.ok(['requests', 'valid'].includes(name), `there is nothing to expect of "${name}"`);
    }
  }
}

/** @param {Outcome} outcome */
function compareWords({ error }) {
  if (!(error instanceof MobivateError)) return;
  const words = error.code === 'MBV_ERR_BUSY' ? ['another thread'] : inWords;
  assert.ok(
    words.some(text => error.message.includes(text)),
    `the key state is not in the text: ${error.message}`,
  );
}

/**
 * @param {string} username
 * @param {any} before
 * @param {Outcome} outcome
 * @param {any} expected
 */
async function compareAccount(username, before, outcome, expected) {
  const after = await standin.account(username, before.requests + (expected.requests ?? 0));
  if ('requests' in expected) assert.equal(after.requests - before.requests, expected.requests, 'requests');
  if ('valid' in expected) {
    let valid = 'lost';
    if (after.valid_key === before.valid_key) valid = 'old';
    else if (after.valid_key === outcome.key) valid = 'new';
    assert.equal(valid, expected.valid, 'valid');
  }
}

/** @param {any} one */
async function run(one) {
  const username = one.username ? textOf(one.username) : `${one.name}-node@example.com`;
  const password = textOf(one.password ?? 'correct-password');
  if (!one.username) await standin.createAccount(username, password, one.scenario);
  const client = clientFor(one);
  /** @type {AbortSignal | undefined} */
  let signal;

  /** @type {Record<string, (step: any, expected: any) => Promise<void>>} */
  const actions = {
    async create_key(step, expected) {
      const before = await standin.account(username);
      const outcome = await outcomeOf(() =>
        client.createKey(textOf(step.username ?? username), textOf(step.password ?? password), { signal }),
      );
      compare(outcome, expected);
      compareWords(outcome);
      await compareAccount(username, before, outcome, expected);
    },
    async create_key_then_cancel(_step, expected) {
      const before = await standin.account(username);
      const controller = new AbortController();
      const call = outcomeOf(() => client.createKey(username, password, { signal: controller.signal }));
      await standin.account(username, before.requests + 1);
      controller.abort();
      const outcome = await call;
      compare(outcome, expected);
      compareWords(outcome);
      await compareAccount(username, before, outcome, expected);
    },
    async create_key_while_busy(_step, expected) {
      const before = await standin.account(username);
      const controller = new AbortController();
      const call = outcomeOf(() => client.createKey(username, password, { signal: controller.signal }));
      await standin.account(username, before.requests + 1);
      const second = await outcomeOf(() => client.createKey(username, password));
      compare(second, expected);
      compareWords(second);
      await compareAccount(username, before, second, expected);
      controller.abort();
      const first = await call;
      compare(first, { status: 'MBV_ERR_CANCELLED' });
      compareWords(first);
    },
    async create_key_on_two_clients(_step, expected) {
      const names = [username, `second-${username}`];
      await standin.createAccount(names[1], password, one.scenario);
      const clients = [client, clientFor(one)];
      const before = await Promise.all(names.map(name => standin.account(name)));
      const outcomes = await Promise.all(
        names.map((name, index) => outcomeOf(() => clients[index].createKey(name, password))),
      );
      clients[1].close();
      for (const [index, name] of names.entries()) {
        compare(outcomes[index], expected);
        compareWords(outcomes[index]);
        await compareAccount(name, before[index], outcomes[index], expected);
      }
    },
    async cancel() {
      signal = AbortSignal.abort();
    },
    async uncancel() {
      signal = undefined;
    },
    async set(step, expected) {
      /** @type {Outcome} */
      let outcome = {};
      try {
        client.set({ [optionName(step.option)]: step.value });
      } catch (error) {
        outcome = { error };
      }
      compare(outcome, expected);
    },
    async close() {
      client.close();
    },
  };

  try {
    for (const [index, step] of one.steps.entries()) {
      assert.ok(step.do in actions, `there is no step "${step.do}"`);
      for (let turn = 0; turn < (step.repeat ?? 1); ++turn) {
        try {
          await actions[step.do](step, step.expect ?? {});
        } catch (error) {
          throw new Error(`step ${index + 1} (${step.do}), turn ${turn + 1}: ${messageOf(error)}`);
        }
      }
    }
  } finally {
    client.close();
  }
}

async function main() {
  const { cases } = JSON.parse(fs.readFileSync(/** @type {string} */ (process.env.MOBIVATE_CASES), 'utf8'));
  let passed = 0;
  for (const one of cases) {
    try {
      await run(one);
      console.log(`ok ${one.name}`);
      ++passed;
    } catch (error) {
      console.log(`not ok ${one.name}: ${messageOf(error)}`);
    }
  }
  const failed = cases.length - passed;
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed || !passed ? 1 : 0;
}

main();
