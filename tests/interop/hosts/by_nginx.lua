-- SPDX-License-Identifier: MIT
-- Creates a key for each request, in nginx's workers. The client is made, and has a connection, in the master, before it forks
-- (init_by_lua). A call stops its worker, so a worker has one at a time.
local cjson = require("cjson")
local mobivate = require("mobivate")

local client = assert(mobivate.new({ base_url = os.getenv("HOSTS_URL"), ca_file = os.getenv("HOSTS_CA_FILE"), proxy = "" }))
assert(client:create_key(os.getenv("HOSTS_FIRST"), os.getenv("HOSTS_PASSWORD")))

return {
   answer = function()
      local key, failure = client:create_key(ngx.var.arg_username, os.getenv("HOSTS_PASSWORD"))
      ngx.header["Content-Type"] = "application/json"
      ngx.print(cjson.encode({ key = key, error = failure and failure.message, process = ngx.worker.pid() }))
   end,
}
