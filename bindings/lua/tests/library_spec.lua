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
      local reason = ": cannot open shared object file: No such file or directory"
      assert.are.equal("cannot load libmobivate; tried " .. missing .. " (from MOBIVATE_LIBRARY): " ..
         missing .. reason .. install, require_with("MOBIVATE_LIBRARY=" .. missing))
      local found = require_with("-u MOBIVATE_LIBRARY -u LD_LIBRARY_PATH")
      if found == "loaded" then return pending("it is installed for all") end
      local beside = found:match("; (%S+/linux%-%w+%-glibc/libmobivate%.so%.1) %(beside the package%)")
      assert.are.equal("cannot load libmobivate; tried MOBIVATE_LIBRARY, which is not set; " ..
         tostring(beside) .. " (beside the package): " .. tostring(beside) .. reason ..
         "; libmobivate.so.1 (from the dynamic loader's search path): libmobivate.so.1" .. reason .. install,
         found)
   end)

   it("may be beside the package", function()
      local pipe = io.popen("mktemp -d")
      local packages = pipe:read("*l")
      pipe:close()
      local beside = packages .. "/mobivate/linux-" .. jit.arch .. "-glibc/libmobivate.so.1"
      local function copy(from, to) assert(os.execute(("cp -RL '%s' '%s'"):format(from, to)) == 0) end
      local path = " LUA_PATH=" .. packages .. "/?.lua "
      local elsewhere = "-u MOBIVATE_LIBRARY LD_LIBRARY_PATH=" .. folder .. path
      finally(function() os.execute("rm -r '" .. packages .. "'") end)
      copy(assert(package.searchpath("mobivate", package.path)), packages)
      copy(assert(package.searchpath("mobivate.library", package.path)):match("^(.*)/"), packages)

      -- One of another platform is not looked at.
      for _, platform in ipairs{ "linux-x64-glibc", "linux-x64-musl", "linux-arm64-glibc" } do
         copy(stubs .. "/0.9.0", packages .. "/mobivate/" .. platform)
      end
      copy(stubs .. "/2.0.0/libmobivate.so.1", beside)
      local refused = "found libmobivate 2.0.0 as " .. beside .. " (beside the package); "
      assert.are.equal(refused, require_with(elsewhere):sub(1, #refused))
      assert.are.equal("loaded", require_with("MOBIVATE_LIBRARY=" .. named .. path))
      -- One of another system is passed over.
      local file = assert(io.open(beside, "w"))
      file:write("of another system")
      file:close()
      assert.are.equal("loaded", require_with(elsewhere))
      copy(named, beside)
      assert.are.equal("loaded", require_with("-u MOBIVATE_LIBRARY -u LD_LIBRARY_PATH" .. path))
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
