-- SPDX-License-Identifier: MIT
-- Finds and loads the shared library, and declares the part of it that the package uses.

local oldest, too_new = 10100, 20000
local default_name = "libmobivate.so.1"
local install = "Install libmobivate 1.1 or newer, or set MOBIVATE_LIBRARY to its file."

local found, ffi = pcall(require, "ffi")
if not found then
   error("mobivate needs LuaJIT 2.1, or another Lua that has its ffi module; " .. _VERSION .. " has none.", 0)
end

-- As mobivate.h has it.
local declarations = [[
typedef struct mbv_client mbv_client;
mbv_client *mbv_new(void);
void mbv_free(mbv_client *client);
int32_t mbv_set(mbv_client *client, const char *option, const char *value);
int32_t mbv_create_key(mbv_client *client, const char *username, size_t username_size,
                       const char *password, size_t password_size, char *key,
                       size_t key_capacity, size_t *key_size);
int32_t mbv_get_key(mbv_client *client, const char *username, size_t username_size,
                    const char *password, size_t password_size, char *key,
                    size_t key_capacity, size_t *key_size);
int32_t mbv_test_key(mbv_client *client, const char *key, size_t key_size);
size_t mbv_error_message(const mbv_client *client, char *buffer, size_t capacity);
int32_t mbv_key_state(const mbv_client *client);
int32_t mbv_http_status(const mbv_client *client);
int32_t mbv_server_code(const mbv_client *client);
size_t mbv_server_message(const mbv_client *client, char *buffer, size_t capacity);
int64_t mbv_retry_after_ms(const mbv_client *client);
void mbv_cancel(mbv_client *client);
void mbv_uncancel(mbv_client *client);
const char *mbv_status_name(int32_t status);
const char *mbv_version(void);
int32_t mbv_version_number(void);
]]

-- Of the C library, under names that no other module declares otherwise.
local system = [[
void *mobivate_calloc(size_t count, size_t size) __asm__("calloc");
void mobivate_release(void *memory) __asm__("free");
int mobivate_mutex_init(void *mutex, const void *attributes) __asm__("pthread_mutex_init");
int mobivate_mutex_destroy(void *mutex) __asm__("pthread_mutex_destroy");
int mobivate_lock(void *mutex) __asm__("pthread_mutex_lock");
int mobivate_unlock(void *mutex) __asm__("pthread_mutex_unlock");
int mobivate_open(const char *path, int flags, ...) __asm__("open");
intptr_t mobivate_read(int file, void *buffer, size_t size) __asm__("read");
int mobivate_close(int file) __asm__("close");
char *mobivate_strerror(int number) __asm__("strerror");
]]

ffi.cdef(declarations)
ffi.cdef(system)

-- The name of the folder for this platform: LuaRocks tells machines apart, but not C libraries.
local function platform()
   ffi.cdef[[ const char *mobivate_glibc_version(void) __asm__("gnu_get_libc_version"); ]]
   local is_glibc = pcall(function() return ffi.C.mobivate_glibc_version end)
   return ("%s-%s-%s"):format(jit.os:lower(), jit.arch, is_glibc and "glibc" or "musl")
end

-- What MOBIVATE_LIBRARY names and nothing else, or else the one for this platform beside this file, or else
-- the system's.
local function open_library()
   local named = os.getenv("MOBIVATE_LIBRARY")
   local places, tried = {}, {}
   if named and named ~= "" then
      places[1] = { named, named .. " (from MOBIVATE_LIBRARY)" }
   else
      tried[1] = "MOBIVATE_LIBRARY, which is not set"
      local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
      if folder then
         local beside = folder .. platform() .. "/" .. default_name
         places[1] = { beside, beside .. " (beside the package)" }
      end
      places[#places + 1] = { default_name, default_name .. " (from the dynamic loader's search path)" }
   end
   for _, place in ipairs(places) do
      local name, where = place[1], place[2]
      local loaded, library = pcall(ffi.load, name)
      if loaded then return library, where end
      tried[#tried + 1] = where .. ": " .. library
   end
   error(("cannot load libmobivate; tried %s. %s"):format(table.concat(tried, "; "), install), 0)
end

local function load_library()
   local library, where = open_library()
   local function check(name)
      local is_there, reason = pcall(function() return library[name] end)
      if not is_there then
         reason = reason:gsub("^[^:]+:%d+: ", "")
         error(("%s is not libmobivate 1.x: %s. %s"):format(where, reason, install), 0)
      end
   end
   -- The version first: another one need not have all the functions.
   check("mbv_version_number")
   check("mbv_version")
   local version = library.mbv_version_number()
   if version < oldest or version >= too_new then
      error(("found libmobivate %s as %s; this package needs >= 1.1.0, < 2. %s"):format(
         ffi.string(library.mbv_version()), where, install), 0)
   end
   for name in declarations:gmatch("(mbv_[%l_]+)%(") do check(name) end
   return library
end

local functions = load_library()
-- All of them now, as those above: a look-up allocates, and mobivate.lua has moments when nothing may.
for name in system:gmatch("(mobivate_[%l_]+)%(") do assert(ffi.C[name]) end

return {
   declarations = declarations,
   functions = functions,
   -- Enough for the longest key, so that mbv_take_key is never needed.
   key_capacity = 4097,
   password_limit = 65536,
   ok = 0, -- MBV_OK
   refused = -10, -- MBV_ERR_CREDENTIALS
   key_states = { [0] = "unchanged", [1] = "replaced", [2] = "unknown" },
}
