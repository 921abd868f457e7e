// SPDX-License-Identifier: MIT

// Compiled, never run: the types are those of the implementation.

import mobivate = require('mobivate');
import implementation = require('../../node_modules/mobivate/lib/index.js');

export const same: typeof mobivate = implementation;
