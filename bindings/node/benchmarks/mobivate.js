// SPDX-License-Identifier: MIT
// Creates COUNT keys, one after the other: node mobivate.js COUNT. ./programs says what is in the environment.
'use strict';

const fs = require('node:fs');
const { Client } = require('mobivate');

const environment = process.env;
const text = environment.MOBIVATE_PROGRAM_TEXT === '1';

function readPassword() {
  const file = fs.openSync(environment.MOBIVATE_PASSWORD_FILE);
  const { size } = fs.fstatSync(file);
  const bytes = new Uint8Array(new ArrayBuffer(size));
  fs.readSync(file, bytes);
  fs.closeSync(file);
  if (!text) return bytes;
  return Buffer.from(bytes).toString();
}

function pause(what) {
  if (environment.MOBIVATE_PROGRAM_PAUSE !== '1') return;
  fs.writeSync(1, `${what}\n`);
  const line = Buffer.alloc(1);
  while (fs.readSync(0, line) === 1 && line[0] !== 10);
}

async function main(count) {
  const client = new Client({
    baseUrl: environment.MOBIVATE_BASE_URL,
    caFile: environment.MOBIVATE_CA_FILE,
    proxy: '',
  });
  const password = readPassword();
  for (let i = 0; i < count; ++i) {
    if (text) {
      await client.createKey(environment.MOBIVATE_USERNAME, password);
    } else {
      (await client.createKeyBytes(environment.MOBIVATE_USERNAME, password)).fill(0);
    }
  }
  if (!text) password.fill(0);
  fs.writeSync(1, `created ${count}\n`);
  pause('kept');
  client.close();
  pause('freed');
}

main(Number(process.argv[2]));
