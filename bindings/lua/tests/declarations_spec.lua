-- SPDX-License-Identifier: MIT
local cjson = require("cjson")
local library = require("mobivate.library")

local file = assert(io.open((assert(os.getenv("MOBIVATE_HEADER")))))
local header = cjson.decode(file:read("*a"))
file:close()

-- "const char *option" without the name, as the header's JSON has it.
local function type_of(parameter)
   return (parameter:gsub("^%s+", ""):gsub("[%w_]+$", ""):gsub("%s+$", ""))
end

describe("the declarations", function()
   it("are the header's", function()
      local count = 0
      local pattern = "\n([%w_ ]+%*?)(mbv_[%w_]+)(%b());"
      for returns, name, parameters in ("\n" .. library.declarations):gmatch(pattern) do
         count = count + 1
         local found = {}
         for parameter in parameters:sub(2, -2):gmatch("[^,]+") do
            if parameter ~= "void" then found[#found + 1] = type_of(parameter) end
         end
         assert.are.same(header.functions[name],
            { returns = returns:gsub("%s+$", ""), parameters = found }, name)
      end
      assert.are.equal(17, count)
   end)

   it("leave out what a large buffer and the errors' own texts make needless", function()
      local needless = { mbv_take_key = true, mbv_status_message = true }
      for name in pairs(header.functions) do
         local is_there = library.declarations:find(name .. "(", 1, true) ~= nil
         assert.are.equal(not needless[name], is_there, name)
      end
   end)

   it("have the header's values", function()
      assert.are.equal(header.status.MBV_OK, library.ok)
      assert.are.equal(header.status.MBV_ERR_CREDENTIALS, library.refused)
      local states = {}
      for number, name in pairs(library.key_states) do states["MBV_KEY_" .. name:upper()] = number end
      assert.are.same(header.key_states, states)
   end)

   it("accept every option that the documentation names", function()
      local client = assert(require("mobivate").new())
      assert.is_true(client:set{
         base_url = "https://example.com",
         timeout_ms = 1000,
         connect_timeout_ms = 1000,
         ca_file = os.getenv("MOBIVATE_HEADER"),
         ca_dir = "/",
         proxy = "",
         user_agent = "test/1",
      })
      client:close()
   end)
end)
