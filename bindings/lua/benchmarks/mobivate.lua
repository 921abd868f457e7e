-- SPDX-License-Identifier: MIT
-- Creates COUNT keys, one after the other: luajit mobivate.lua COUNT. ./programs says what is in the
-- environment.

local mobivate = require("mobivate")

local count = tonumber(arg[1])
local text = os.getenv("MOBIVATE_PROGRAM_TEXT") == "1"
local username, password_file = os.getenv("MOBIVATE_USERNAME"), os.getenv("MOBIVATE_PASSWORD_FILE")

local function pause(what)
   if os.getenv("MOBIVATE_PROGRAM_PAUSE") ~= "1" then return end
   print(what)
   io.stdout:flush()
   io.read()
end

local function read_text()
   local file = assert(io.open(password_file))
   local password = file:read("*a")
   file:close()
   return password
end

local client = assert(mobivate.new{
   base_url = os.getenv("MOBIVATE_BASE_URL"),
   ca_file = os.getenv("MOBIVATE_CA_FILE"),
   proxy = "",
})
local password = text and read_text() or assert(mobivate.read_secret(password_file))
for _ = 1, count do
   if text then
      assert(client:create_key(username, password))
   else
      assert(client:create_key_secret(username, password)):wipe()
   end
end
if not text then password:wipe() end
print(("created %d"):format(count))
io.stdout:flush()
pause("kept")
client:close()
pause("freed")
