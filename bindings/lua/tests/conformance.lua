-- SPDX-License-Identifier: MIT
-- Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.

local cjson = require("cjson")
local mobivate = require("mobivate")
local standin = require("tests.standin")
local threads = require("tests.threads")

local in_words = { "The old key still works.", "The old key is revoked.", "The old key may be revoked" }

-- Makes a call with the client of a ticket, in a Lua state on another thread. The outcome goes back as JSON.
local call_elsewhere = [[
local cjson, mobivate = require("cjson"), require("mobivate")
local order = cjson.decode(...)
local key, failure = mobivate.attach(order.ticket):create_key(order.username, order.password)
return cjson.encode{ key = key, failure = failure and setmetatable(failure, nil) }
]]

local function text_of(rule)
   return type(rule) == "table" and rule["repeat"][1]:rep(rule["repeat"][2]) or rule
end

local function contains(text, part) return text:find(part, 1, true) ~= nil end

local function check(condition, ...)
   if not condition then error(table.concat({ ... }), 0) end
end

local function client_for(case)
   local base_url = case.base_url or "https"
   local group, member = base_url:match("^([%a_]+)%.([%w_]+)$")
   if group == "hosts" then base_url = "https://" .. standin.facts.hosts[member]
   elseif group == "tls_faults" then base_url = standin.facts.tls_faults[member]
   else base_url = standin.facts[base_url] or base_url end
   local options = { proxy = "", base_url = base_url }
   if case.ca_file ~= false then options.ca_file = standin.facts.ca_file end
   for name, value in pairs(case.options or {}) do options[name] = value end
   return assert(mobivate.new(options))
end

-- { key = ... } or { failure = ... }; { raised = ... } for an error of Lua's.
local function outcome_of(client, username, password)
   local done, key, failure = pcall(client.create_key, client, username, password)
   if not done then return { raised = key } end
   return { key = key, failure = failure }
end

local function call_in_thread(client, username, password)
   local thread = threads.start(call_elsewhere,
      cjson.encode{ ticket = client:share(), username = username, password = password })
   return function()
      local answer = thread:join()
      check(answer:sub(1, 1) == "{", answer)
      return cjson.decode(answer)
   end
end

local function compare(outcome, expected)
   if expected.closed then
      check(contains(outcome.raised or "", "attempt to use a closed mobivate.Client"),
         "not the error of a closed client: ", tostring(outcome.raised))
      return
   end
   check(not outcome.raised, "an error of Lua's: ", tostring(outcome.raised))
   local failure = outcome.failure or {}
   local message = failure.message or ""
   local found = {
      status = failure.status or "MBV_OK",
      key_state = failure.key_state or "replaced",
      http_status = failure.http_status or 0,
      server_code = failure.server_code or 0,
      server_message = failure.server_message or "",
      retry_after_ms = failure.retry_after_ms or -1,
      key_size = #(outcome.key or ""),
   }
   for name, value in pairs(expected) do
      if found[name] then
         check(found[name] == value, name, ": expected ", tostring(value), ", found ", tostring(found[name]),
            " ", message)
      elseif name == "message_contains" then
         for _, part in ipairs(type(value) == "table" and value or { value }) do
            check(contains(message, part), '"', message, '" lacks "', part, '"')
         end
      elseif name == "message_lacks" then
         for _, part in ipairs(value) do
            local text = message .. found.server_message
            check(not contains(text, part), '"', text, '" contains "', part, '"')
         end
      else
         check(name == "requests" or name == "valid", 'there is nothing to expect of "', name, '"')
      end
   end
end

local function compare_words(outcome)
   local failure = outcome.failure
   if not failure then return end
   for _, words in ipairs(failure.status == "MBV_ERR_BUSY" and { "another thread" } or in_words) do
      if contains(failure.message, words) then return end
   end
   error("the key state is not in the text: " .. failure.message, 0)
end

local function compare_account(username, before, outcome, expected)
   local after = standin.account(username, before.requests + (expected.requests or 0))
   if expected.requests then
      local count = after.requests - before.requests
      check(count == expected.requests, "requests: expected ", expected.requests, ", found ", count)
   end
   if expected.valid then
      local valid = "lost"
      if after.valid_key == before.valid_key then valid = "old"
      elseif after.valid_key == outcome.key then valid = "new" end
      check(valid == expected.valid, "valid: expected ", expected.valid, ", found ", valid)
   end
end

local function run(case)
   local username = case.username and text_of(case.username) or case.name .. "-lua@example.com"
   local password = text_of(case.password or "correct-password")
   if not case.username then standin.create_account(username, password, case.scenario) end
   local client = client_for(case)

   local actions = {
      create_key = function(step, expected)
         local before = standin.account(username)
         local user, pass = text_of(step.username or username), text_of(step.password or password)
         local outcome = outcome_of(client, user, pass)
         compare(outcome, expected)
         compare_words(outcome)
         compare_account(username, before, outcome, expected)
      end,
      create_key_then_cancel = function(_, expected)
         local before = standin.account(username)
         local join = call_in_thread(client, username, password)
         standin.account(username, before.requests + 1)
         client:cancel()
         local outcome = join()
         compare(outcome, expected)
         compare_words(outcome)
         compare_account(username, before, outcome, expected)
      end,
      create_key_while_busy = function(_, expected)
         local before = standin.account(username)
         local join = call_in_thread(client, username, password)
         standin.account(username, before.requests + 1)
         local second = outcome_of(client, username, password)
         compare(second, expected)
         compare_words(second)
         compare_account(username, before, second, expected)
         client:cancel()
         compare(join(), { status = "MBV_ERR_CANCELLED" })
      end,
      create_key_on_two_clients = function(_, expected)
         local names, befores, joins = { username, "second-" .. username }, {}, {}
         standin.create_account(names[2], password, case.scenario)
         local clients = { client, client_for(case) }
         for index, name in ipairs(names) do
            befores[index] = standin.account(name)
            joins[index] = call_in_thread(clients[index], name, password)
         end
         for index, name in ipairs(names) do
            local outcome = joins[index]()
            compare(outcome, expected)
            compare_account(name, befores[index], outcome, expected)
         end
         clients[2]:close()
      end,
      cancel = function() client:cancel() end,
      uncancel = function() client:uncancel() end,
      set = function(step, expected)
         local _, failure = client:set{ [step.option] = step.value }
         compare({ failure = failure }, expected)
      end,
      close = function() client:close() end,
   }
   for _, step in ipairs(case.steps) do
      local action = actions[step["do"]]
      check(action, 'there is no step "', step["do"], '"')
      for _ = 1, step["repeat"] or 1 do action(step, step.expect or {}) end
   end
   client:close()
end

local file = assert(io.open(assert(os.getenv("MOBIVATE_CASES"))))
local cases = cjson.decode(file:read("*a")).cases
file:close()
local passed, failed = 0, 0
for _, case in ipairs(cases) do
   local done, why = pcall(run, case)
   if done then
      passed = passed + 1
      print("ok " .. case.name)
   else
      failed = failed + 1
      print(("not ok %s: %s"):format(case.name, (tostring(why):gsub("\n", " "))))
   end
end
print(("%d passed, %d failed, 0 skipped"):format(passed, failed))
os.exit(failed == 0 and passed > 0 and 0 or 1)
