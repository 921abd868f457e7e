-- SPDX-License-Identifier: MIT
local mobivate = require("mobivate")

local client = assert(mobivate.new())
local key, failure = client:create_key("first.last@example.com", "your-pass")
client:close()
if key then
   if io.write(key, "\n") and io.flush() then os.exit(0) end
   io.stderr:write("The new key could not be printed: ", key, "\n")
   os.exit(6)
end
io.stderr:write(tostring(failure), "\n") -- says whether the old key still works
if failure.key_state == "unknown" then os.exit(5) end -- ask with client:get_key
local exit_codes = { INVALID_ARGUMENT = 2, CREDENTIALS = 3, RATE_LIMITED = 3, REJECTED = 3 }
os.exit(exit_codes[failure.status:sub(9)] or 4)
