-- SPDX-License-Identifier: MIT
local process = require("tests.process")

local named = assert(os.getenv("MOBIVATE_LIBRARY"))
local folder = named:match("^(.*)/")
local install = ". Install libmobivate 1.1 or newer, or set MOBIVATE_LIBRARY to its file."

-- What `require` says in a process of its own.
local function require_with(changes)
   return (process.run([[
      local done, message = pcall(require, "mobivate")
      print(done and "loaded" or message)
   ]], changes):gsub("\n$", ""))
end

local stubs = assert(os.getenv("MOBIVATE_STUBS"))

describe("the library", function()
   it("is the one that MOBIVATE_LIBRARY names", function()
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY=" .. named))
   end)

   it("is else found by the dynamic loader", function()
      assert.are.equal("loaded", require_with("-u MOBIVATE_LIBRARY LD_LIBRARY_PATH=" .. folder))
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY= LD_LIBRARY_PATH=" .. folder))
   end)

   it("may be missing", function()
      local missing = "/nowhere/libmobivate.so.1"
      assert.are.equal("cannot load " .. missing .. " (from MOBIVATE_LIBRARY): " .. missing ..
         ": cannot open shared object file: No such file or directory" .. install,
         require_with("MOBIVATE_LIBRARY=" .. missing))
      assert.matches("^cannot load libmobivate%.so%.1 %(from the dynamic loader's search path%): ",
         require_with("-u MOBIVATE_LIBRARY -u LD_LIBRARY_PATH"))
   end)

   it("may be something else", function()
      local found = require_with("MOBIVATE_LIBRARY=libm.so.6")
      local refused = "^libm%.so%.6 %(from MOBIVATE_LIBRARY%) is not libmobivate 1%.x: "
      assert.matches(refused .. ".*: mbv_version_number%. ", found)
   end)

   it("may be newer", function()
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY=" .. stubs .. "/1.99.99/libmobivate.so.1"))
   end)

   for _, version in ipairs{ "0.9.0", "1.0.0", "2.0.0" } do
      it("may have the wrong version, " .. version, function()
         assert.are.equal("found libmobivate " .. version .. " as libmobivate.so.1 (from the dynamic " ..
            "loader's search path); this package needs >= 1.1.0, < 2" .. install,
            require_with("-u MOBIVATE_LIBRARY LD_LIBRARY_PATH=" .. stubs .. "/" .. version))
      end)
   end

   it("is needed by LuaJIT alone: another Lua is told so", function()
      if os.execute("command -v lua5.1 >/dev/null") ~= 0 then return pending("there is no other Lua") end
      local pipe = io.popen([[lua5.1 -e 'print(select(2, pcall(require, "mobivate")))']])
      local found = pipe:read("*a")
      pipe:close()
      assert.are.equal("mobivate needs LuaJIT 2.1, or another Lua that has its ffi module; " ..
         "Lua 5.1 has none.\n", found)
   end)
end)
