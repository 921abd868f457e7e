-- SPDX-License-Identifier: MIT
local mobivate = require("mobivate")

local client = assert(mobivate.new())
local key, failure = client:create_key("first.last@example.com", "your-pass")
client:close()
if key then
   -- 6: the key was created, but could not be written.
   os.exit(io.write(key, "\n") and io.flush() and 0 or 6)
end
io.stderr:write(tostring(failure), "\n") -- says whether the old key still works
if failure.key_state == "unknown" then os.exit(5) end -- ask with client:get_key
local exit_codes = { INVALID_ARGUMENT = 2, CREDENTIALS = 3, RATE_LIMITED = 3, REJECTED = 3 }
os.exit(exit_codes[failure.status:sub(9)] or 4)
