-- SPDX-License-Identifier: MIT
local library = require("mobivate.library")
local process = require("tests.process")

local named = assert(os.getenv("MOBIVATE_LIBRARY"))
local folder = named:match("^(.*)/")
local install = "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY."

-- What `require` says in a process of its own.
local function require_with(changes)
   return (process.run([[
      local done, message = pcall(require, "mobivate")
      print(done and "loaded" or message)
   ]], changes):gsub("\n$", ""))
end

local stubs = os.tmpname()
os.remove(stubs)
assert(os.execute("mkdir " .. stubs) == 0)
local stub = stubs .. "/libmobivate.so.1"

-- A library with nothing in its functions, but a version.
local function compile(version, number)
   local lines = {}
   if version then
      for name in library.declarations:gmatch("(mbv_[%l_]+)%(") do
         if not name:find("^mbv_version") then lines[#lines + 1] = ("void %s(void) {}"):format(name) end
      end
      lines[#lines + 1] = ('const char *mbv_version(void) { return "%s"; }'):format(version)
      lines[#lines + 1] = ("int mbv_version_number(void) { return %d; }"):format(number)
   else
      lines[1] = "int something_else;"
   end
   process.write(stubs .. "/stub.c", table.concat(lines, "\n") .. "\n")
   assert(os.execute(("cc -shared -fPIC -o %s %s/stub.c"):format(stub, stubs)) == 0)
end

local compiler = os.execute("command -v cc >/dev/null") == 0
local it_compiles = compiler and it or function(name) pending(name .. ": there is no C compiler") end

describe("the library", function()
   teardown(function() os.execute("rm -r " .. stubs) end)

   it("is the one that MOBIVATE_LIBRARY names", function()
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY=" .. named))
   end)

   it("is else found by the dynamic loader", function()
      assert.are.equal("loaded", require_with("-u MOBIVATE_LIBRARY LD_LIBRARY_PATH=" .. folder))
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY= LD_LIBRARY_PATH=" .. folder))
   end)

   it("may be missing: one sentence says what was looked for, where, and what to install", function()
      local missing = "/nowhere/libmobivate.so.1"
      assert.are.equal(missing .. ", which MOBIVATE_LIBRARY names, could not be loaded (" .. missing ..
         ": cannot open shared object file: No such file or directory)" .. install,
         require_with("MOBIVATE_LIBRARY=" .. missing))
      assert.matches("^libmobivate%.so%.1, on the dynamic loader's search path, could not be loaded %(",
         require_with("-u MOBIVATE_LIBRARY -u LD_LIBRARY_PATH"))
   end)

   it_compiles("may be something else", function()
      compile()
      local found = require_with("MOBIVATE_LIBRARY=" .. stub)
      assert.matches("^" .. stub .. ", which MOBIVATE_LIBRARY names, is not libmobivate 1.x %(/[^:]+: " ..
         "undefined symbol: mbv_new%);", found)
      assert.are.equal(install, found:sub(-#install))
   end)

   for _, one in ipairs{ { "0.9.9", 909 }, { "2.0.0", 20000 } } do
      local version, number = unpack(one)
      it_compiles("may have the wrong version, " .. version, function()
         compile(version, number)
         assert.are.equal("libmobivate.so.1, on the dynamic loader's search path, has version " .. version ..
            ", and 1.0.0 or newer, and below 2, is needed" .. install,
            require_with("-u MOBIVATE_LIBRARY LD_LIBRARY_PATH=" .. stubs))
      end)
   end

   it_compiles("may be newer", function()
      compile("1.99.99", 19999)
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY=" .. stub))
   end)

   it("is needed by LuaJIT alone: another Lua is told so", function()
      if os.execute("command -v lua5.1 >/dev/null") ~= 0 then return pending("there is no other Lua") end
      local pipe = io.popen([[lua5.1 -e 'print(select(2, pcall(require, "mobivate")))']])
      local found = pipe:read("*a")
      pipe:close()
      assert.are.equal("mobivate needs LuaJIT 2.1, or another Lua that has its ffi module; " ..
         "Lua 5.1 has none.\n", found)
   end)
end)
