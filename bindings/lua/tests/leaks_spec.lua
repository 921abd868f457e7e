-- SPDX-License-Identifier: MIT
local cjson = require("cjson")
local process = require("tests.process")

it("ten thousand calls leave nothing", function()
   local output, status = process.run('dofile("tests/leaks.lua")')
   assert.are.equal(0, status, output)
   local before, after = unpack(cjson.decode(output))
   -- Room for a client that is not collected yet, and for what LuaJIT compiles and keeps; not for each of 35
   -- forgotten clients, or 60 bytes of each of 7000 calls. Resident memory grows in steps: not for 600 bytes
   -- of each.
   assert.is_true(after.descriptors - before.descriptors <= 5, output)
   assert.is_true(after.lua - before.lua < 400 * 1024, output)
   assert.is_true(after.malloc - before.malloc < 400 * 1024, output)
   assert.is_true(after.resident - before.resident < 4 * 1024 * 1024, output)
end)
