-- SPDX-License-Identifier: MIT
-- The agent of the conformance cases: tests/bindings/README.md says what it is told.
local mobivate = require("mobivate")
local outcome = require("tests.outcome")
local threads = require("tests.threads")

local text, of_pcall = outcome.text, outcome.of_pcall
local clients, calls, kept = {}, {}, {}

-- A call in a Lua state on a thread of its own: while one runs, this state could not read the next command.
local call = [[
local mobivate, outcome = require("mobivate"), require("tests.outcome")
local ticket, username, password = (...):match("^(%S+) (%S+) (%S+)$")
local client = mobivate.attach(ticket)
return outcome.of_pcall("replaced",
   pcall(client.create_key, client, outcome.text(username), outcome.text(password)))
]]

local function new(number, ...)
   local options = {}
   for index = 1, select("#", ...), 2 do
      local name, value = select(index, ...)
      options[text(name)] = text(value)
   end
   local failure
   clients[number], failure = mobivate.new(options)
   return clients[number] ~= nil, failure
end

local function read(path)
   local file = assert(io.open(path, "rb"))
   local content = file:read("*a")
   file:close()
   return content
end

local function call_again(client, count, kind, secrets_in, username, path)
   local in_text = secrets_in == "text"
   local secret = in_text and read(path) or assert(mobivate.read_secret(path))
   if in_text then kept[#kept + 1] = secret end
   for _ = 1, count do
      if kind == "test" then
         assert(client:test_key(secret))
      elseif in_text then
         kept[#kept + 1] = assert(client[kind .. "_key"](client, username, secret))
      else
         assert(client[kind .. "_key_secret"](client, username, secret)):wipe()
      end
   end
   if not in_text then secret:wipe() end
end

local commands = {
   runtime = function() return outcome.field(jit.version) end,
   new = function(number, ...) return of_pcall("unchanged", pcall(new, number, ...)) end,
   set = function(number, name, value)
      local client = clients[number]
      return of_pcall("unchanged", pcall(client.set, client, { [text(name)] = text(value) }))
   end,
   create = function(number, username, password)
      local client = clients[number]
      return of_pcall("replaced", pcall(client.create_key, client, text(username), text(password)))
   end,
   get = function(number, username, password)
      local client = clients[number]
      return of_pcall("unchanged", pcall(client.get_key, client, text(username), text(password)))
   end,
   test = function(number, key)
      local client = clients[number]
      return of_pcall("unchanged", pcall(client.test_key, client, text(key)))
   end,
   start = function(number, username, password)
      local order = table.concat({ clients[number]:share(), username, password }, " ")
      calls[number] = threads.start(call, order)
   end,
   wait = function(number) return calls[number]:join() end,
   cancel = function(number) clients[number]:cancel() end,
   uncancel = function(number) clients[number]:uncancel() end,
   close = function(number) clients[number]:close() end,
   ["repeat"] = function(number, count, kind, secrets_in, username, path)
      call_again(clients[number], tonumber(count), kind, secrets_in, text(username), text(path))
   end,
   quit = function() end,
}

for line in io.lines() do
   local words = {}
   for word in line:gmatch("%S+") do words[#words + 1] = word end
   local done, answer = pcall(commands[words[1]], unpack(words, 2))
   print(done and (answer or "ok") or "error " .. outcome.field(tostring(answer)))
   io.stdout:flush()
   if words[1] == "quit" then break end
end
