// SPDX-License-Identifier: MIT
import { writeSync } from 'node:fs';
import { Client, MobivateError } from 'mobivate';

const client = new Client();
let key;
try {
  key = await client.createKey('first.last@example.com', 'your-pass');
  writeSync(1, `${key}\n`);
} catch (error) {
  console.error(error.message); // says whether the old key still works
  if (key) {
    console.error(`The new key could not be printed: ${key}`);
    process.exitCode = 6;
  } else if (!(error instanceof MobivateError)) process.exitCode = 1;
  else if (error.code === 'MBV_ERR_INVALID_ARGUMENT') process.exitCode = 2;
  else if (error.keyState !== 'unchanged') process.exitCode = 5;
  else process.exitCode = error.httpStatus ? 3 : 4; // refused, or not sent
} finally {
  client.close();
}
