-- SPDX-License-Identifier: MIT
local cjson = require("cjson")
local mobivate = require("mobivate")
local process = require("tests.process")
local standin = require("tests.standin")
local threads = require("tests.threads")

local password = "correct-password"
local stalls = { creates = true, cut = { after = 0, how = "stall" } }

local ffi = require("ffi")

local accounts = 0
local function new_account(scenario)
   accounts = accounts + 1
   local username = ("client-%d-lua@example.com"):format(accounts)
   standin.create_account(username, password, scenario)
   return username
end

local function new_client(options)
   local all = { timeout_ms = 60000 }
   for name, value in pairs(standin.over_http) do all[name] = value end
   for name, value in pairs(options or {}) do all[name] = value end
   return assert(mobivate.new(all))
end

-- A call with the client in a Lua state on another thread, of which the stand-in has the request.
local function call_in_thread(client, username)
   local code = [[
      local cjson, mobivate = require("cjson"), require("mobivate")
      local order = cjson.decode(...)
      local client = mobivate.attach(order.ticket)
      local key, failure = client:create_key(order.username, order.password)
      local closed = not pcall(client.create_key, client, "", "")
      return cjson.encode{ key = key, failure = failure and setmetatable(failure, nil), closed = closed }
   ]]
   local requests = standin.account(username).requests
   local order = { ticket = client:share(), username = username, password = password }
   local thread = threads.start(code, cjson.encode(order))
   standin.account(username, requests + 1)
   return thread
end

-- How many descriptors this process has open, once what is forgotten is collected.
local function descriptors()
   for _ = 1, 3 do collectgarbage() end
   return process.descriptors()
end

local function raised(work, ...)
   local done, message = pcall(work, ...)
   assert.is_false(done)
   return message
end

describe("a call", function()
   it("takes and hands over memory that can be wiped", function()
      local username = new_account()
      local client = new_client()
      local secret = mobivate.secret(100)
      ffi.copy(secret.data, password, #password)
      secret.size = #password
      local own = { data = ffi.new("uint8_t[?]", #username + 1, username), size = #username }
      local key = assert(client:create_key_secret(own, secret))
      assert.are.equal(standin.account(username).valid_key, ffi.string(key.data, key.size))
      key:wipe()
      assert.are.equal(0, key.size)
      assert.are.equal(("\0"):rep(36), ffi.string(key.data, 36))
      client:close()
   end)

   it("keeps the memory that it was given, when nobody else does", function()
      local username = new_account()
      local client = new_client()
      local function secret(text)
         local result = mobivate.secret(#text)
         ffi.copy(result.data, text, #text)
         result.size = #text
         return result
      end
      local pause, multiplier = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000000)
      local failures = {}
      for _ = 1, 50 do
         local key, failure = client:create_key(secret(username), secret(password))
         if not key then failures[#failures + 1] = failure.message end
      end
      collectgarbage("setpause", pause)
      collectgarbage("setstepmul", multiplier)
      assert.are.same({}, failures)
      client:close()
   end)

   it("fails with everything that the library tells", function()
      local username = new_account{ status = 429, headers = { { "Retry-After", "7" } },
         body = { code = 4290, message = "Slow down" } }
      local client = new_client()
      local key, failure = client:create_key(username, password)
      assert.is_nil(key)
      assert.are.same({
         status = "MBV_ERR_RATE_LIMITED",
         message = tostring(failure),
         key_state = "unchanged",
         http_status = 429,
         server_code = 4290,
         server_message = "Slow down",
         retry_after_ms = 7000,
      }, setmetatable(failure, nil))
      assert.matches("Slow down", failure.message)
      assert.matches("The old key still works%.$", failure.message)
      client:close()
   end)

   it("leaves out what there was not", function()
      local client = new_client()
      local _, failure = client:create_key("", password)
      assert.are.same({
         status = "MBV_ERR_INVALID_ARGUMENT",
         message = tostring(failure),
         key_state = "unchanged",
      }, setmetatable(failure, nil))
      client:close()
   end)

   it("fails with a table that keeps its key state as JSON; where it was lost, it is unknown", function()
      local client = new_client()
      local _, failure = client:create_key(new_account{ status = 500, creates = true }, password)
      assert.are.equal("unknown", cjson.decode(cjson.encode(failure)).key_state)
      failure.key_state = nil
      assert.are.equal("unknown", failure.key_state)
      client:close()
   end)

   it("raises an error for what is no text, and for no client", function()
      local client = new_client()
      assert.matches("client_spec.lua:%d+: the password must be a string, or a table with data and size",
         raised(function() client:create_key("user", nil) end))
      assert.matches("the user name must be a string", raised(client.create_key, client, 7, "x"))
      local wrong = { data = "x", size = 1 }
      assert.matches("the password must be", raised(client.create_key, client, "user", wrong))
      client:close()
   end)
end)

describe("an option", function()
   it("that cannot be used gives nil and an error", function()
      local client, failure = mobivate.new{ timeout_ms = 0 }
      assert.is_nil(client)
      assert.are.equal("MBV_ERR_INVALID_ARGUMENT", failure.status)
      assert.matches("timeout_ms must be a whole number", tostring(failure))
   end)

   it("that is no option at all raises an error", function()
      assert.matches("must be a table", raised(mobivate.new, 7))
      assert.matches("the name of an option must be a string", raised(mobivate.new, { "x" }))
      assert.matches("timeout_ms must be a string or a number", raised(mobivate.new, { timeout_ms = true }))
      assert.matches("contains a NUL", raised(mobivate.new, { user_agent = "a\0b" }))
   end)

   it("holds for the calls that follow", function()
      local client = new_client()
      assert.is_true(client:set{ timeout_ms = 200 })
      local _, failure = client:create_key(new_account(stalls), password)
      assert.are.equal("MBV_ERR_TIMEOUT", failure.status)
      assert.matches("timeout_ms %(200 ms%)", failure.message)
      client:close()
   end)
end)

describe("the lifetime of a client", function()
   before_each(function()
      for _ = 1, 3 do collectgarbage() end
   end)

   it("ends with close, which may come twice", function()
      local client = new_client()
      client:close()
      client:close()
      client:cancel()
      client:uncancel()
      assert.matches("client_spec.lua:%d+: attempt to use a closed mobivate.Client",
         raised(function() client:create_key("user", password) end))
      assert.matches("attempt to use a closed", raised(client.set, client, {}))
      assert.matches("attempt to use a closed", raised(client.create_key_secret, client, "user", password))
   end)

   it("closes its connection", function()
      local client, username = new_client(), new_account()
      assert(client:create_key(username, password))
      assert.are.equal(1, standin.open_connections(username, 1))
      client:close()
      assert.are.equal(0, standin.open_connections(username, 0))
   end)

   it("ends when it is forgotten", function()
      local username = new_account()
      do
         local client = new_client()
         assert(client:create_key(username, password))
      end
      assert.are.equal(1, standin.open_connections(username, 1))
      for _ = 1, 3 do collectgarbage() end
      assert.are.equal(0, standin.open_connections(username, 0))
   end)

   it("ends with a call on another thread, which close cancels", function()
      local before = descriptors()
      local username = new_account(stalls)
      local client = new_client()
      local thread = call_in_thread(client, username)
      client:close()
      client:close()
      local outcome = cjson.decode(thread:join())
      assert.are.equal("MBV_ERR_CANCELLED", outcome.failure.status)
      assert.are.equal("unknown", outcome.failure.key_state)
      assert.is_true(outcome.closed)
      assert.are.equal(before, descriptors())
   end)

   it("goes on while another state has it", function()
      local username = new_account()
      local client = new_client()
      local ticket = client:share()
      client = nil -- luacheck: ignore
      for _ = 1, 3 do collectgarbage() end
      local other = mobivate.attach(ticket)
      assert(other:create_key(username, password))
      assert.are.equal(1, standin.account(username).requests)
      other:close()
   end)
end)

describe("cancelling", function()
   it("ends a call on another thread, and every later one until it is taken back", function()
      local stalled, username = new_account(stalls), new_account()
      local client = new_client()
      local thread = call_in_thread(client, stalled)
      client:cancel()
      local outcome = cjson.decode(thread:join())
      assert.are.equal("MBV_ERR_CANCELLED", outcome.failure.status)
      for _ = 1, 2 do
         local _, failure = client:create_key(username, password)
         assert.are.equal("MBV_ERR_CANCELLED", failure.status)
         assert.are.equal("unchanged", failure.key_state)
      end
      assert.are.equal(0, standin.account(username).requests)
      client:uncancel()
      assert(client:create_key(username, password))
      client:close()
   end)

   it("leaves other clients alone", function()
      local one, other = new_client(), new_client()
      one:cancel()
      assert(other:create_key(new_account(), password))
      one:close()
      other:close()
   end)
end)

describe("a second thread", function()
   it("is told that the client is busy, and disturbs nothing", function()
      local slow, username = new_account{ delay_ms = { before_answer = 300 } }, new_account()
      local client = new_client()
      local thread = call_in_thread(client, slow)
      local key, failure = client:create_key(username, password)
      assert.is_nil(key)
      assert.are.equal("MBV_ERR_BUSY", failure.status)
      assert.matches("another thread", failure.message)
      assert.are.equal("MBV_ERR_BUSY", select(2, client:set{ timeout_ms = 1 }).status)
      assert.are.equal(standin.account(slow).valid_key, cjson.decode(thread:join()).key)
      assert.are.equal(0, standin.account(username).requests)
      assert(client:create_key(username, password))
      client:close()
   end)

   it("that was busy leaves the call to be cancelled by close", function()
      local client = new_client()
      local thread = call_in_thread(client, new_account(stalls))
      for _ = 1, 3 do
         assert.are.equal("MBV_ERR_BUSY", select(2, client:create_key("user", password)).status)
      end
      client:close()
      assert.are.equal("MBV_ERR_CANCELLED", cjson.decode(thread:join()).failure.status)
   end)

   it("goes on while another one is in a call", function()
      local client = new_client()
      local thread = call_in_thread(client, new_account(stalls))
      local username = new_account()
      local other = new_client()
      for _ = 1, 10 do assert(other:create_key(username, password)) end
      other:close()
      client:cancel()
      assert.matches("MBV_ERR_CANCELLED", thread:join())
      client:close()
   end)

   it("needs a ticket of its own", function()
      local client = new_client()
      local ticket = client:share()
      local other = mobivate.attach(ticket)
      assert.matches("this ticket has already been used", raised(mobivate.attach, ticket))
      for _, wrong in ipairs{ "", "mobivate:", "mobivate:12", 7, {} } do
         assert.matches("this is not a ticket", raised(mobivate.attach, wrong))
      end
      client:close()
      assert.matches("attempt to use a closed", raised(other.create_key, other, "user", password))
   end)
end)
