// SPDX-License-Identifier: MIT
// The same with Node.js' own client.
'use strict';

const fs = require('node:fs');
const https = require('node:https');

const environment = process.env;
const agent = new https.Agent({
  keepAlive: true,
  maxSockets: 1,
  ca: fs.readFileSync(environment.MOBIVATE_CA_FILE),
});

function createKey(body) {
  return new Promise((resolve, reject) => {
    const request = https.request(
      `${environment.MOBIVATE_BASE_URL}/auth/createkey`,
      { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } },
      answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', part => (text += part));
        answer.on('end', () => resolve(JSON.parse(text).apiKey));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function main(count) {
  const body = JSON.stringify({
    username: environment.MOBIVATE_USERNAME,
    password: fs.readFileSync(environment.MOBIVATE_PASSWORD_FILE, 'utf8'),
  });
  for (let i = 0; i < count; ++i) {
    if (!(await createKey(body))) throw new Error('no key');
  }
  agent.destroy();
  fs.writeSync(1, `created ${count}\n`);
}

main(Number(process.argv[2]));
