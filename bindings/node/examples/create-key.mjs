// SPDX-License-Identifier: MIT
import { Client, MobivateError } from 'mobivate';

const client = new Client();
try {
  console.log(await client.createKey('first.last@example.com', 'your-pass'));
} catch (error) {
  if (!(error instanceof MobivateError)) throw error;
  console.error(error.message, error.keyState === 'unknown' ? 'Run this again.' : '');
} finally {
  client.close();
}
