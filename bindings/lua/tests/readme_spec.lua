-- SPDX-License-Identifier: MIT
-- The README's second example; ./test runs the first.
local cjson = require("cjson")
local process = require("tests.process")
local standin = require("tests.standin")

it("the README's example for secrets runs", function()
   local path, account = os.tmpname(), "first.last@example.com"
   process.write(path, "your-pass")
   standin.create_account(account, "your-pass")
   local file = assert(io.open("README.md"))
   local example = file:read("*a"):match("%*%*Secrets%.%*%*.-```lua\n(.-)```")
   file:close()
   local program, count = example:gsub('"password.txt"', ("%q"):format(path))
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
