-- SPDX-License-Identifier: MIT
-- The same with LuaSocket and LuaSec. Their ssl.https makes a new connection for each request, so that
-- the few lines of HTTP/1.1 that keep one are here.

local cjson = require("cjson")
local socket = require("socket")
local ssl = require("ssl")
local url = require("socket.url")

local count = tonumber(arg[1])
local service = url.parse(os.getenv("MOBIVATE_BASE_URL"))

local function read_password()
   local file = assert(io.open(os.getenv("MOBIVATE_PASSWORD_FILE")))
   local password = file:read("*a")
   file:close()
   return password
end

local function connect()
   local plain = assert(socket.connect(service.host, tonumber(service.port) or 443))
   plain:setoption("tcp-nodelay", true)
   local connection = assert(ssl.wrap(plain, {
      mode = "client",
      protocol = "any",
      options = "all",
      verify = "peer",
      cafile = os.getenv("MOBIVATE_CA_FILE"),
   }))
   connection:sni(service.host)
   assert(connection:dohandshake())
   return connection
end

local body = cjson.encode{ username = os.getenv("MOBIVATE_USERNAME"), password = read_password() }
local request = table.concat({
   "POST /auth/createkey HTTP/1.1",
   "Host: " .. service.authority,
   "Content-Type: application/json",
   "Content-Length: " .. #body,
   "",
   body,
}, "\r\n")

local connection = connect()
for _ = 1, count do
   assert(connection:send(request))
   assert(assert(connection:receive("*l")):find("^HTTP/1.1 200 "))
   local size
   for line in function() return assert(connection:receive("*l")) end do
      if line == "" then break end
      size = size or tonumber(line:lower():match("^content%-length: *(%d+)$"))
   end
   local answer = assert(connection:receive(size))
   assert(cjson.decode(answer).apiKey)
end
connection:close()
print(("created %d"):format(count))
