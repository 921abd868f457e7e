-- SPDX-License-Identifier: MIT
--- Creates, asks for and tests Mobivate API keys. Errors say whether the old key still works.
--
--    local client = mobivate.new{ timeout_ms = 10000 }
--    local key, failure = client:create_key("first.last@example.com", "your-pass")
--    if not key then print(failure, failure.key_state) end
--    client:close()

local library = require("mobivate.library")
local bit = require("bit")
local ffi = require("ffi")
local lib, C = library.functions, ffi.C

local mobivate = { _VERSION = "1.1.0" }

--- Why a call failed; `tostring` gives its message.
---@class mobivate.Error
---@field status string the library's name of the failure, such as "MBV_ERR_TIMEOUT"
---@field message string what went wrong, and whether the old key still works
---@field key_state "unchanged"|"replaced"|"unknown" whether the old key works, is revoked, or may be revoked
---@field http_status integer? the status code of the answer; nil when no answer came
---@field server_code integer? the member "code" of the answer
---@field server_message string? the member "message" of the answer
---@field retry_after_ms integer? how long the server asks to wait
local Error = { key_state = "unknown" }
Error.__index = Error
Error.__name = "mobivate.Error"
function Error:__tostring() return self.message end

--- A password or a key in memory that can be wiped, unlike a string. It is wiped when collected, too.
---@class mobivate.Secret
---@field data ffi.cdata* the bytes: `char[capacity + 1]`
---@field size integer how many of them are in use
---@field capacity integer
local Secret = {}
Secret.__index = Secret
Secret.__name = "mobivate.Secret"
function Secret.__tostring() return "mobivate.Secret" end

--- Options and a connection. A client makes one call at a time.
---@class mobivate.Client
local Client = {}
Client.__index = Client
Client.__name = "mobivate.Client"
function Client.__tostring() return "mobivate.Client" end

---@class mobivate.Options
---@field base_url string?
---@field timeout_ms integer?
---@field connect_timeout_ms integer?
---@field ca_file string?
---@field ca_dir string?
---@field proxy string? empty: none, whatever the environment says
---@field user_agent string?

-- Shared by all objects of one client, of which Lua states on other threads may have some. The mutex guards
-- the numbers; the array is large enough for the pthread_mutex_t of any system.
local cell_type = ffi.typeof([[struct {
   int64_t mutex[16];
   mbv_client *client;
   int32_t mark;
   int32_t references; /* objects and tickets */
   int32_t tickets;    /* made by share, not yet used by attach */
   int32_t in_call;
   int32_t closed;
}]])
local cell_pointer = ffi.typeof("$ *", cell_type)
local cell_mark = 0x6d627631 -- changes when the members do

local function wipe(data) ffi.fill(data, ffi.sizeof(data)) end

local function drop(cell)
   C.mobivate_lock(cell.mutex)
   cell.references = cell.references - 1
   local last = cell.references == 0
   C.mobivate_unlock(cell.mutex)
   if not last then return end
   if cell.closed == 0 then lib.mbv_free(cell.client) end
   C.mobivate_mutex_destroy(cell.mutex)
   cell.mark = 0
   C.mobivate_release(cell)
end

-- `_mutex` and `_handle`: so nothing is allocated, and no finalizer runs, while the mutex is held.
local function object_of(cell)
   return setmetatable({ _cell = ffi.gc(cell, drop), _mutex = ffi.cast("void *", cell.mutex),
      _handle = cell.client }, Client)
end

local function new_error(status, message, key_state, rest)
   rest = rest or {}
   rest.status, rest.message, rest.key_state = status, message, key_state
   return setmetatable(rest, Error)
end

local function text_of(getter, handle)
   local size = tonumber(getter(handle, nil, 0))
   local buffer = ffi.new("char[?]", size + 1)
   getter(handle, buffer, size + 1)
   return ffi.string(buffer, size)
end

local function status_error(handle, status, key_state, rest)
   local message = text_of(lib.mbv_error_message, handle)
   return new_error(ffi.string(lib.mbv_status_name(status)), message, key_state, rest)
end

-- What the library says about the call that has just failed.
local function call_error(handle, status)
   local http_status, server_code = lib.mbv_http_status(handle), lib.mbv_server_code(handle)
   local server_message = text_of(lib.mbv_server_message, handle)
   local retry_after_ms = tonumber(lib.mbv_retry_after_ms(handle))
   return status_error(handle, status, library.key_states[lib.mbv_key_state(handle)], {
      http_status = http_status ~= 0 and http_status or nil,
      server_code = server_code ~= 0 and server_code or nil,
      server_message = server_message ~= "" and server_message or nil,
      retry_after_ms = retry_after_ms >= 0 and retry_after_ms or nil,
   })
end

-- Runs `work` while no other call can begin. Returns (nil, error) if one is in progress; raises an error if
-- the client is closed. The owner of each pointer among the arguments must be an argument, too, or it may be
-- collected.
local function alone(self, work, ...)
   local cell, mutex = self._cell, self._mutex
   C.mobivate_lock(mutex)
   local closed, in_call = cell.closed ~= 0, cell.in_call ~= 0
   if not closed and not in_call then cell.in_call = 1 end
   C.mobivate_unlock(mutex)
   if closed then error("attempt to use a closed mobivate.Client", 2) end
   if in_call then
      local message =
         "The client is in a call on another thread. Whether the old key still works is for that call to say."
      return nil, new_error("MBV_ERR_BUSY", message, "unknown")
   end

   local done, result, failure = pcall(work, self._handle, ...)

   C.mobivate_lock(mutex)
   cell.in_call = 0
   if cell.closed ~= 0 then lib.mbv_free(self._handle) end -- close() left it to this call.
   C.mobivate_unlock(mutex)
   if not done then error(result, 0) end
   return result, failure
end

-- Pointer and size of a text: a string, or a table with both.
local function bytes_of(what, text)
   if type(text) == "string" then return text, #text end
   if type(text) == "table" and type(text.data) == "cdata" and type(text.size) == "number" then
      if text.size >= 0 then return ffi.cast("const char *", text.data), text.size end
   end
   error(("the %s must be a string, or a table with data and size"):format(what), 3)
end

local key_size = ffi.new("size_t[1]")

-- Two functions that make the call and return its key: as a Secret, and as a string.
local function call_for_key(call)
   local function secret(handle, username, username_size, password, password_size)
      local key = mobivate.secret(library.key_capacity - 1)
      local status = call(handle, username, username_size, password, password_size, key.data,
         library.key_capacity, key_size)
      if status ~= library.ok then return nil, call_error(handle, status) end
      key.size = tonumber(key_size[0])
      return key
   end
   local function text(...)
      local key, failure = secret(...)
      if not key then return nil, failure end
      local result = ffi.string(key.data, key.size)
      key:wipe()
      return result
   end
   return secret, text
end
local create_secret, create_string = call_for_key(lib.mbv_create_key)
local get_secret, get_string = call_for_key(lib.mbv_get_key)

local function test_key(handle, key, size)
   local status = lib.mbv_test_key(handle, key, size)
   if status == library.ok then return true end
   local failure = call_error(handle, status)
   if status == library.refused then return false, failure end
   return nil, failure
end

local function set_options(handle, options)
   for name, value in pairs(options) do
      local status = lib.mbv_set(handle, name, tostring(value))
      if status ~= library.ok then return nil, status_error(handle, status, "unchanged") end
   end
   return true
end

local function check_options(options)
   if type(options) ~= "table" then error("the options must be a table", 3) end
   for name, value in pairs(options) do
      if type(name) ~= "string" then error("the name of an option must be a string", 3) end
      if type(value) ~= "string" and type(value) ~= "number" then
         error(("the option %s must be a string or a number"):format(name), 3)
      end
      if (name .. value):find("%z") then error(("the option %q contains a NUL"):format(name), 3) end
   end
end

-- Called in tail position only: its errors, and those of `alone`, then come from where the method is called.
local function with_credentials(self, work, username, password)
   local user, user_size = bytes_of("user name", username)
   local pass, pass_size = bytes_of("password", password)
   return alone(self, work, user, user_size, pass, pass_size, username, password)
end

--- Creates a new API key, and so revokes the account's old one. Raises an error when the client is closed.
---@param username string|mobivate.Secret
---@param password string|mobivate.Secret
---@return string? key
---@return mobivate.Error? failure
function Client:create_key(username, password)
   return with_credentials(self, create_string, username, password)
end

--- Like `create_key`, with the key in memory that can be wiped.
---@param username string|mobivate.Secret
---@param password string|mobivate.Secret
---@return mobivate.Secret? key
---@return mobivate.Error? failure
function Client:create_key_secret(username, password)
   return with_credentials(self, create_secret, username, password)
end

--- Asks for the API key that an account has now, and changes nothing. After a `create_key` whose `key_state`
--- is `unknown` it settles which key is valid. Raises an error when the client is closed.
---@param username string|mobivate.Secret
---@param password string|mobivate.Secret
---@return string? key
---@return mobivate.Error? failure
function Client:get_key(username, password)
   return with_credentials(self, get_string, username, password)
end

--- Like `get_key`, with the key in memory that can be wiped.
---@param username string|mobivate.Secret
---@param password string|mobivate.Secret
---@return mobivate.Secret? key
---@return mobivate.Error? failure
function Client:get_key_secret(username, password)
   return with_credentials(self, get_secret, username, password)
end

--- Asks whether the service accepts an API key, and changes nothing. Raises an error when the client is
--- closed.
---@param key string|mobivate.Secret
---@return boolean? accepted nil where the service did not say
---@return mobivate.Error? failure why not
function Client:test_key(key)
   local data, size = bytes_of("key", key)
   return alone(self, test_key, data, size, key)
end

--- Sets options for the calls that follow.
---@param options mobivate.Options
---@return true? done
---@return mobivate.Error? failure
function Client:set(options)
   check_options(options)
   return alone(self, set_options, options)
end

local function unless_closed(self, act)
   C.mobivate_lock(self._mutex)
   if self._cell.closed == 0 then act(self._handle) end
   C.mobivate_unlock(self._mutex)
end

--- Ends the call that a Lua state on another thread is making, and every later one at once, until
--- `uncancel`. Does nothing on a closed client.
function Client:cancel() unless_closed(self, lib.mbv_cancel) end

--- Allows calls again after `cancel`.
function Client:uncancel() unless_closed(self, lib.mbv_uncancel) end

--- Closes the client in every Lua state that has it, and cancels its call. Closing twice is fine.
function Client:close()
   local cell = self._cell
   C.mobivate_lock(self._mutex)
   if cell.closed == 0 then
      cell.closed = 1
      if cell.in_call ~= 0 then
         lib.mbv_cancel(self._handle) -- That call's thread frees the client.
      else
         lib.mbv_free(self._handle)
      end
   end
   C.mobivate_unlock(self._mutex)
end

--- A ticket for a Lua state on another thread of the process, where `mobivate.attach` turns it into this
--- client. It can be used once.
---@return string ticket
function Client:share()
   local cell = self._cell
   local address = bit.tohex(ffi.cast("uint64_t", ffi.cast("uintptr_t", ffi.cast("void *", cell))))
   C.mobivate_lock(self._mutex)
   cell.references, cell.tickets = cell.references + 1, cell.tickets + 1
   C.mobivate_unlock(self._mutex)
   return "mobivate:" .. address
end

function Secret:wipe()
   wipe(self.data)
   self.size = 0
end

--- An empty Secret: write bytes to `data`, and set `size` to their number.
---@param capacity integer
---@return mobivate.Secret
function mobivate.secret(capacity)
   local data = ffi.gc(ffi.new("char[?]", capacity + 1), wipe)
   return setmetatable({ data = data, size = 0, capacity = capacity }, Secret)
end

--- Reads a file that holds a password and nothing else, not even a newline. Leaves no copies.
---@param path string
---@return mobivate.Secret? password
---@return string? failure
function mobivate.read_secret(path)
   -- One byte more than is allowed: the library then refuses it.
   local secret = mobivate.secret(library.password_limit + 1)
   local file = C.mobivate_open(path, 0)
   local count = file
   while file >= 0 and count >= 0 and secret.size < secret.capacity do
      count = tonumber(C.mobivate_read(file, secret.data + secret.size, secret.capacity - secret.size))
      if count == 0 then break end
      secret.size = secret.size + math.max(count, 0)
   end
   local number = ffi.errno()
   if file >= 0 then C.mobivate_close(file) end
   if count >= 0 then return secret end
   return nil, ("%s: %s"):format(path, ffi.string(C.mobivate_strerror(number)))
end

--- The client that `share` made this ticket of.
---@param ticket string
---@return mobivate.Client
function mobivate.attach(ticket)
   local high, low = tostring(ticket):match("^mobivate:(%x%x%x%x%x%x%x%x)(%x%x%x%x%x%x%x%x)$")
   if not high then error("this is not a ticket of a mobivate.Client", 2) end
   local address = ffi.cast("uint64_t", tonumber(high, 16)) * 2 ^ 32 + tonumber(low, 16)
   local cell = ffi.cast(cell_pointer, ffi.cast("uintptr_t", address))
   if cell.mark ~= cell_mark then
      error("the client of this ticket is gone, or from another version of mobivate", 2)
   end
   local mutex = ffi.cast("void *", cell.mutex)
   C.mobivate_lock(mutex)
   local fresh = cell.tickets > 0
   if fresh then cell.tickets = cell.tickets - 1 end
   C.mobivate_unlock(mutex)
   if not fresh then error("this ticket has already been used", 2) end
   return object_of(cell)
end

--- A new client.
---@param options mobivate.Options?
---@return mobivate.Client? client
---@return mobivate.Error? failure an option that cannot be used
function mobivate.new(options)
   options = options or {}
   check_options(options)
   local memory = C.mobivate_calloc(1, ffi.sizeof(cell_type))
   local handle = memory ~= nil and lib.mbv_new() or nil
   if handle == nil then
      C.mobivate_release(memory)
      local message = "Out of memory: no client could be made. The old key still works."
      return nil, new_error("MBV_ERR_NO_MEMORY", message, "unchanged")
   end
   local cell = ffi.cast(cell_pointer, memory)
   C.mobivate_mutex_init(cell.mutex, nil)
   cell.client, cell.mark, cell.references = handle, cell_mark, 1
   local client = object_of(cell)
   local done, failure = client:set(options)
   if done then return client end
   client:close()
   return nil, failure
end

return mobivate
