-- SPDX-License-Identifier: MIT
local cjson = require("cjson")
local process = require("tests.process")
local standin = require("tests.standin")

local function read(path)
   local file = assert(io.open(path))
   local text = file:read("*a")
   file:close()
   return text
end

local example = read("README.md"):match("```lua\n(.-)```")
local account = "first.last@example.com"

-- Runs the README's example, with the options that reach the stand-in: what it prints, and its errors.
local function run()
   local options = {}
   for name, value in pairs(standin.over_https) do options[#options + 1] = ("%s = %q"):format(name, value) end
   local call = "mobivate.new{ " .. table.concat(options, ", ") .. " }"
   local program, count = example:gsub("mobivate%.new%(%)", (call:gsub("%%", "%%%%")))
   assert.are.equal(1, count)
   local errors = os.tmpname()
   local output, status = process.run(program, nil, errors)
   local text = read(errors)
   os.remove(errors)
   assert.are.equal(0, status, text)
   return output, text
end

describe("the README's example", function()
   it("prints the new key", function()
      standin.create_account(account, "your-pass")
      local output, errors = run()
      assert.are.same({ standin.account(account).valid_key .. "\n", "" }, { output, errors })
      assert.are.equal(1, standin.account(account).requests)
   end)

   it("says what became of the old key", function()
      standin.create_account(account, "another password")
      local output, errors = run()
      assert.are.equal("", output)
      assert.are.equal("The server refused the user name or password (HTTP 401): Invalid Credentials. " ..
         "The old key still works.\n", errors)
      standin.create_account(account, "your-pass", { status = 500, creates = true })
      output, errors = run()
      assert.are.equal("", output)
      assert.matches("The old key may be revoked.*\nRun this again%.\n$", errors)
   end)

   it("is the example's file", function()
      assert.are.equal("-- SPDX-License-Identifier: MIT\n" .. example, read("examples/create_key.lua"))
   end)

   it("for secrets runs as well", function()
      local path = os.tmpname()
      process.write(path, "your-pass")
      standin.create_account(account, "your-pass")
      local secrets = read("README.md"):match("%*%*Secrets%.%*%*.-```lua\n(.-)```")
      local program, count = secrets:gsub('"password.txt"', ("%q"):format(path))
      assert.are.equal(1, count)
      local around = [[
         local mobivate, options = require("mobivate"), require("cjson").decode(%q)
         local client = assert(mobivate.new(options))
         %s
         assert(password.size == 0 and key.size == 0)
      ]]
      local output, status = process.run(around:format(cjson.encode(standin.over_https), program))
      os.remove(path)
      assert.are.same({ "", 0 }, { output, status })
      assert.are.equal(1, standin.account(account).requests)
   end)
end)
