-- SPDX-License-Identifier: MIT
-- Asking for the key, testing one, and the README's rotation.
local ffi = require("ffi")
local mobivate = require("mobivate")
local standin = require("tests.standin")

local password = "correct-password"
local accounts = 0
local function new_account(scenario)
   accounts = accounts + 1
   local username = ("asking-%d-lua@example.com"):format(accounts)
   standin.create_account(username, password, scenario)
   return username
end

describe("asking", function()
   local client
   before_each(function() client = assert(mobivate.new(standin.over_http)) end)
   after_each(function() client:close() end)

   it("hands over a string, or memory that can be wiped, and tests either", function()
      local username = new_account()
      local valid = standin.account(username).valid_key
      assert.are.equal(valid, client:get_key(username, password))
      local secret = assert(client:get_key_secret(username, password))
      assert.are.equal(valid, ffi.string(secret.data, secret.size))
      assert.are.same({ true }, { client:test_key(valid) })
      assert.are.same({ true }, { client:test_key(secret) })
      secret:wipe()
      assert.are.equal(valid, standin.account(username).valid_key)
   end)

   it("tells a key that is refused from one that is not known of", function()
      local accepted, failure = client:test_key("no-such-key")
      assert.is_false(accepted)
      assert.are.equal("MBV_ERR_CREDENTIALS", failure.status)
      assert.are.equal(401, failure.http_status)
      local username = new_account{ test = { status = 500 } }
      accepted, failure = client:test_key(standin.account(username).valid_key)
      assert.is_nil(accepted)
      assert.are.equal("MBV_ERR_SERVER", failure.status)
      assert.are.equal("unchanged", failure.key_state)
   end)

   it("raises an error for what is no text, and on a closed client", function()
      local function raised(pattern, work)
         local done, message = pcall(work)
         assert.is_false(done)
         assert.matches(pattern, message)
      end
      raised("asking_spec.lua:%d+: the key must be a string, or a table with data and size",
         function() client:test_key(7) end)
      raised("asking_spec.lua:%d+: the password must be", function() client:get_key("user") end)
      client:close()
      raised("asking_spec.lua:%d+: attempt to use a closed", function() client:test_key("key") end)
      raised("asking_spec.lua:%d+: attempt to use a closed", function() client:get_key("user", password) end)
   end)
end)

describe("the README's rotation", function()
   local rotate
   setup(function()
      local file = assert(io.open("README.md"))
      local example = file:read("*a"):match("%*%*Rotating a key%.%*%*.-```lua\n(.-)```")
      file:close()
      rotate = assert(loadstring(example .. "\nreturn rotate"))()
   end)

   local function rotated(scenario, with_password)
      local username, stored = new_account(scenario), {}
      local client = assert(mobivate.new(standin.over_http))
      local _, failure = rotate(client, username, with_password or password, function(key)
         stored[#stored + 1] = key
         return true
      end)
      client:close()
      return stored, failure, standin.account(username)
   end

   it("stores the key that was created", function()
      local stored, failure, truth = rotated()
      assert.is_nil(failure)
      assert.are.same({ { truth.valid_key }, 1 }, { stored, truth.requests })
   end)

   it("asks where it is not known, and creates no other", function()
      local stored, failure, truth = rotated{ creates = true, cut = { after = 0, how = "close" } }
      assert.is_nil(failure)
      assert.are.same({ { truth.valid_key }, 1, 1, 1 },
         { stored, truth.requests, truth.get_requests, truth.test_requests })
   end)

   it("stores nothing where nothing was created", function()
      local stored, failure = rotated(nil, "wrong")
      assert.are.same({}, stored)
      assert.are.equal("MBV_ERR_CREDENTIALS", failure.status)
   end)
end)
