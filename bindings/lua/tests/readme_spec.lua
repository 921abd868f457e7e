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

-- Runs the README's example, as written but for the options: its output, its exit code, and its errors.
local function run(changes, replaced, redirect)
   local options = {}
   for name, value in pairs(standin.over_https) do
      options[#options + 1] = ("%s = %q"):format(name, changes and changes[name] or value)
   end
   local call = "mobivate.new{ " .. table.concat(options, ", ") .. " }"
   local program, count = example:gsub("mobivate%.new%(%)", (call:gsub("%%", "%%%%")))
   assert.are.equal(1, count)
   local errors = os.tmpname()
   program = program:gsub("your%-pass", replaced or "%0")
   local output, status = process.run(program, nil, errors .. (redirect or ""))
   local text = read(errors)
   os.remove(errors)
   return output, status, text
end

describe("the README's example", function()
   it("prints the new key, and ends with 0", function()
      standin.create_account(account, "your-pass")
      local output, status, errors = run()
      assert.are.same({ standin.account(account).valid_key .. "\n", 0, "" }, { output, status, errors })
      assert.are.equal(1, standin.account(account).requests)
   end)

   it("ends with the tool's exit code when it fails", function()
      local nobody = { base_url = "https://" .. standin.facts.hosts.refused }
      local refusal = { status = 429, body = { code = 429, message = "Slow down" } }
      for _, case in ipairs{
         { 2, "The password is empty%. The old key still works%.", replaced = "" },
         { 3, "%(HTTP 401%): Invalid Credentials%. The old key still works%.", replaced = "wrong" },
         { 3, "Slow down%. The old key still works%.", scenario = refusal },
         { 4, "The old key still works%.", changes = nobody },
         { 5, "The old key may be revoked", scenario = { status = 500, creates = true } },
         { 6, "^$", redirect = " >/dev/full" },
      } do
         standin.create_account(account, "your-pass", case.scenario)
         local output, status, errors = run(case.changes, case.replaced, case.redirect)
         assert.are.same({ "", case[1] }, { output, status }, errors)
         assert.matches(case[2], errors)
      end
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
