-- SPDX-License-Identifier: MIT
-- The fields of the agent's lines: tests/bindings/README.md describes them.
local outcome = {}

function outcome.text(field)
   return (field:gsub("^%-$", ""):gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end))
end

function outcome.field(text)
   return text == "" and "-" or (text:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- What came out of a call that returns a value, or nil and an error.
function outcome.of(result, failure)
   if result then
      return "MBV_OK replaced 0 0 - -1 - " .. (type(result) == "string" and outcome.field(result) or "-")
   end
   return ("%s %s %d %d %s %d %s -"):format(failure.status, failure.key_state, failure.http_status or 0,
      failure.server_code or 0, outcome.field(failure.server_message or ""), failure.retry_after_ms or -1,
      outcome.field(tostring(failure)))
end

--- The same of what pcall returns.
function outcome.of_pcall(done, result, failure)
   if done then return outcome.of(result, failure) end
   if tostring(result):find("attempt to use a closed mobivate.Client", 1, true) then return "closed" end
   return "error " .. outcome.field(tostring(result))
end

return outcome
