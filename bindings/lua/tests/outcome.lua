-- SPDX-License-Identifier: MIT
-- The fields of the agent's lines: tests/bindings/README.md describes them.
local outcome = {}

function outcome.text(field)
   return (field:gsub("^%-$", ""):gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

function outcome.field(text)
   return text == "" and "-" or (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- What came out of a call that returns a value, or nil (false, for a refused key) and an error. The key
--- state is that of a success.
function outcome.of(key_state, result, failure)
   if result then
      local key = type(result) == "string" and outcome.field(result) or "-"
      return ("MBV_OK %s 0 0 - -1 - %s"):format(key_state, key)
   end
   return ("%s %s %d %d %s %d %s -"):format(failure.status, failure.key_state, failure.http_status or 0,
      failure.server_code or 0, outcome.field(failure.server_message or ""), failure.retry_after_ms or -1,
      outcome.field(tostring(failure)))
end

--- The same of what pcall returns.
function outcome.of_pcall(key_state, done, result, failure)
   if done then return outcome.of(key_state, result, failure) end
   if tostring(result):find("attempt to use a closed mobivate.Client", 1, true) then return "closed" end
   return "error " .. outcome.field(tostring(result))
end

return outcome
