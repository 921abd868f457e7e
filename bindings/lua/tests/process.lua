-- SPDX-License-Identifier: MIT
-- Runs Lua code in a process of its own; counts what this process has open.

local lfs = require("lfs")

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local function write(path, text)
   local file = assert(io.open(path, "w"))
   file:write(text)
   file:close()
end

local process = { write = write }

--- How many descriptors are open, the one that counts them included.
function process.descriptors()
   local count = 0
   for name in lfs.dir("/proc/self/fd") do
      if not name:find("^%.") then count = count + 1 end
   end
   return count
end

--- What the code prints, and how it ends. The environment is changed by a text such as "NAME=value".
function process.run(code, changes, errors)
   local path = os.tmpname()
   write(path, code)
   local command = "env %s luajit %s 2>%s; echo $?"
   local pipe = io.popen(command:format(changes or "", quoted(path), errors or "&1"))
   local output, status = pipe:read("*a"):match("^(.-)(%d+)\n$")
   pipe:close()
   os.remove(path)
   return output, tonumber(status)
end

return process
