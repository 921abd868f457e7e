-- SPDX-License-Identifier: MIT
-- Looks for a password and a key in the memory of a process that has used them and forgotten them. What is
-- wiped, and what strings leave, is looked for from outside, in the agent's memory. The password is made byte
-- by byte, so that it is there for no other reason.
local mobivate = require("mobivate")
local process = require("tests.process")
local standin = require("tests.standin")

local function byte_of(seed, index) return 35 + (seed * (index + 7) * 31 + index * index * 13) % 57 end

-- Counts copies of both in its own memory, by the second half: what is freed loses its beginning.
local program = [[
local ffi = require("ffi")
local mobivate = require("mobivate")
local seed, username, base_url, ca_file, step = %d, %q, %q, %q, %q
local function byte_of(index) return 35 + (seed * (index + 7) * 31 + index * index * 13) %% 57 end
ffi.cdef"void *memmem(const void *, size_t, const void *, size_t);"

local password = mobivate.secret(48)
for index = 0, 47 do password.data[index] = byte_of(index) end
password.size = 48
local client = assert(mobivate.new{ base_url = base_url, ca_file = ca_file, proxy = "" })
local wanted = { password = { ffi.new("uint8_t[?]", 24), 24 }, key = { ffi.new("uint8_t[?]", 150), 150 } }
local masked, regions, bytes, size, kept = ffi.new("uint8_t[150]"), {}, 0

collectgarbage("stop") -- What is found must not depend on what is collected meanwhile.
kept = assert(client:create_key_secret(username, password))
size = kept.size
for index = 0, 149 do masked[index] = bit.bxor(kept.data[index + 150], 255) end
for line in io.lines("/proc/self/maps") do
   local first, last, name = line:match("^(%%x+)%%-(%%x+) rw%%S* %%S+ %%S+ %%S+ *(.*)$")
   if first and not name:find("^%%[v") then
      first, last = tonumber(first, 16), tonumber(last, 16)
      regions[#regions + 1], bytes = { first, last }, bytes + last - first
   end
end

if step == "forgotten" then
   password, kept = nil, nil
   for _ = 1, 3 do collectgarbage() end
   collectgarbage("stop")
end

local function count(needle, length)
   local found = 0
   for _, region in ipairs(regions) do
      local first, last = region[1], region[2]
      while last - first >= length do
         local from = ffi.cast("void *", ffi.cast("uintptr_t", first))
         local at = ffi.C.memmem(from, last - first, needle, length)
         if at == nil then break end
         if at ~= ffi.cast("void *", needle) then found = found + 1 end
         first = tonumber(ffi.cast("uintptr_t", at)) + 1
      end
   end
   ffi.fill(needle, length)
   return found
end
for index = 0, 23 do wanted.password[1][index] = byte_of(index + 24) end
local passwords = count(unpack(wanted.password))
for index = 0, 149 do wanted.key[1][index] = bit.bxor(masked[index], 255) end
print(passwords, count(unpack(wanted.key)), bytes > 1000000, size)
client:close()
]]

local function scan(seed, step)
   local bytes = {}
   for index = 0, 47 do bytes[#bytes + 1] = string.char(byte_of(seed, index)) end
   local username = ("secrets-%s-lua@example.com"):format(step)
   standin.create_account(username, table.concat(bytes), { key_size = 300 })
   local code = program:format(seed, username, standin.facts.https, standin.facts.ca_file, step)
   local output = process.run(code)
   local passwords, keys = output:match("^(%d+)\t(%d+)\ttrue\t300")
   assert.is_truthy(passwords, output)
   assert.are.equal(1, standin.account(username).requests)
   return { password = tonumber(passwords), key = tonumber(keys) }
end

describe("secrets", function()
   it("that their owner forgets are wiped when they are collected", function()
      assert.are.same({ password = 0, key = 0 }, scan(12, "forgotten"))
   end)

   it("that are kept are found, and once", function()
      assert.are.same({ password = 1, key = 1 }, scan(13, "kept"))
   end)

   it("are in no text about an object", function()
      local username, password = "secrets-text-lua@example.com", "Tr0ub4dor&3"
      standin.create_account(username, password)
      local client = assert(mobivate.new(standin.over_http))
      local key = assert(client:create_key_secret(username, password))
      assert.are.equal("mobivate.Secret", tostring(key))
      assert.are.equal("mobivate.Client", tostring(client))
      local _, failure = client:create_key(username, "wrong-password")
      for _, value in pairs(failure) do
         assert.is_nil(tostring(value):find("wrong-password", 1, true))
      end
      for _, value in pairs(client) do assert.is_nil(tostring(value):find(password, 1, true)) end
      client:close()
   end)
end)

describe("a password's file", function()
   it("is read as it is", function()
      local path = os.tmpname()
      process.write(path, "a\0b\n")
      local secret = assert(mobivate.read_secret(path))
      assert.are.equal("a\0b\n", require("ffi").string(secret.data, secret.size))
      process.write(path, ("p"):rep(70000))
      assert.are.equal(65537, mobivate.read_secret(path).size)
      os.remove(path)
   end)

   it("may not be there", function()
      local secret, failure = mobivate.read_secret("/nowhere/password")
      assert.is_nil(secret)
      assert.are.equal("/nowhere/password: No such file or directory", failure)
      secret, failure = mobivate.read_secret("/")
      assert.is_nil(secret)
      assert.are.equal("/: Is a directory", failure)
   end)
end)
