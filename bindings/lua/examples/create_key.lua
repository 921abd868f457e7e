-- SPDX-License-Identifier: MIT
local mobivate = require("mobivate")

local client = assert(mobivate.new())
local key, failure = client:create_key("first.last@example.com", "your-pass")
client:close()
if key then
   print(key)
else
   io.stderr:write(tostring(failure), "\n")
   if failure.key_state == "unknown" then io.stderr:write("Run this again.\n") end
end
