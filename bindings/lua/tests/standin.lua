-- SPDX-License-Identifier: MIT
-- The stand-in service, as tests/standin/README.md describes it.

local http = require("socket.http")
local ltn12 = require("ltn12")
local cjson = require("cjson")

local facts = os.getenv("MOBIVATE_STANDIN") or error("run this under tests/standin")
local standin = { facts = cjson.decode(facts) }
standin.over_http = { base_url = standin.facts.http, proxy = "" }
standin.over_https = { base_url = standin.facts.https, ca_file = standin.facts.ca_file, proxy = "" }

local function request(method, path, body)
   local parts = {}
   local text = body and cjson.encode(body)
   local _, status = assert(http.request{
      url = standin.facts.http .. path,
      method = method,
      headers = text and { ["Content-Type"] = "application/json", ["Content-Length"] = #text },
      source = text and ltn12.source.string(text),
      sink = ltn12.sink.table(parts),
   })
   assert(status == 200 or status == 201, ("%s %s: %s"):format(method, path, tostring(status)))
   return cjson.decode(table.concat(parts))
end

--- What is true of an account, once it has had so many requests.
function standin.account(username, requests)
   local path = "/standin/accounts/" .. username
   if requests then path = ("%s?requests=%d&timeout_ms=10000"):format(path, requests) end
   return request("GET", path)
end

function standin.create_account(username, password, scenario)
   return request("POST", "/standin/accounts", {
      username = username,
      password = password or "correct-password",
      scenario = scenario or cjson.decode("{}"),
   })
end

--- How many of the connections that an account's requests came on are open.
-- Waits until it is as many as that, for ten seconds at most.
function standin.open_connections(username, expected)
   local path = "/standin/accounts/%s?open_connections=%d&timeout_ms=10000"
   return request("GET", path:format(username, expected)).open_connections
end

return standin
