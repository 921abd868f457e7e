-- SPDX-License-Identifier: MIT
-- Makes ten thousand calls, and prints what is in use before the last 7000 of them, and after. This is a
-- process of its own: the test framework's garbage is not to be counted.
local mobivate = require("mobivate")
local process = require("tests.process")
local standin = require("tests.standin")

local usual, long, password = "leaks-lua@example.com", "leaks-long-lua@example.com", "correct-password"

local function expect(status, key, failure)
   if (failure and failure.status or "MBV_OK") ~= status then error(tostring(failure or key)) end
end

-- Created, refused, cancelled, with a long key; the client is closed, or forgotten.
local function hundred_calls(turn)
   local client = assert(mobivate.new(standin.over_http))
   for call = 1, 100 do
      local kind = call % 10
      if kind == 6 then
         client:cancel()
         expect("MBV_ERR_CANCELLED", client:create_key(usual, password))
         client:uncancel()
      elseif kind == 7 then
         expect("MBV_OK", client:create_key(long, password))
      elseif kind == 8 then
         expect("MBV_ERR_CREDENTIALS", client:create_key(usual, "wrong"))
      else
         expect("MBV_OK", client:create_key_secret(usual, password))
      end
   end
   local other = mobivate.attach(client:share())
   if turn % 2 == 0 then other:close() end
end

-- What the C library has handed out, where it tells: glibc since 2.33.
local ffi = require("ffi")
ffi.cdef[[
typedef struct {
   size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
} test_malloc_state;
test_malloc_state test_mallinfo2(void) __asm__("mallinfo2");
]]
local function malloc_size()
   local is_there, ask = pcall(function() return ffi.C.test_mallinfo2 end)
   if not is_there then return 0 end
   local state = ask()
   return tonumber(state.uordblks + state.hblkhd)
end

local function sizes()
   for _ = 1, 3 do collectgarbage() end
   local file = io.open("/proc/self/status")
   -- Anonymous pages alone: those of files come and go with what else runs.
   local resident_kib = file:read("*a"):match("RssAnon:%s+(%d+)")
   file:close()
   return {
      descriptors = process.descriptors(),
      lua = collectgarbage("count") * 1024,
      malloc = malloc_size(),
      resident = resident_kib * 1024,
   }
end

standin.create_account(usual, password)
standin.create_account(long, password, { key = ("k"):rep(4096) })
for turn = 1, 30 do hundred_calls(turn) end
local before = sizes()
for turn = 1, 70 do hundred_calls(turn) end
print(require("cjson").encode{ before, sizes() })
