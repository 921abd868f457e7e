-- SPDX-License-Identifier: MIT
-- Lua states on threads of their own, as a host program has them that embeds Lua.

local ffi = require("ffi")

ffi.cdef[[
typedef struct lua_State lua_State;
lua_State *luaL_newstate(void);
void luaL_openlibs(lua_State *L);
void lua_close(lua_State *L);
int luaL_loadbuffer(lua_State *L, const char *code, size_t size, const char *name);
int lua_pcall(lua_State *L, int arguments, int results, int handler);
void lua_pushlstring(lua_State *L, const char *text, size_t size);
const char *lua_tolstring(lua_State *L, int index, size_t *size);
double lua_tonumber(lua_State *L, int index);
void lua_settop(lua_State *L, int index);
void lua_getfield(lua_State *L, int index, const char *name);
int test_thread_create(uintptr_t *thread, const void *attributes, void *(*start)(void *), void *argument)
   __asm__("pthread_create");
int test_thread_join(uintptr_t thread, void **result) __asm__("pthread_join");
]]
local C = ffi.C
local posix = ffi.load("libpthread.so.0") -- a library of its own before glibc 2.34
local globals = -10002

-- Runs in the new state: makes a C function of the code. The result is left in a global, as a string.
local start = [[
local ffi = require("ffi")
local code, path, cpath, argument = ...
package.path, package.cpath = path, cpath
local work = assert(loadstring(code, "=thread"))
local function run()
   local done, result = pcall(work, argument)
   outcome = (done and "" or "error: ") .. tostring(result)
   return nil
end
entry = ffi.cast("void *(*)(void *)", run)
address = tonumber(ffi.cast("uintptr_t", entry))
]]

local threads = {}
local Thread = {}
Thread.__index = Thread

local function text_at(L, index)
   local size = ffi.new("size_t[1]")
   local text = C.lua_tolstring(L, index, size)
   return text ~= nil and ffi.string(text, size[0]) or nil
end

--- Runs code with one string as its argument, on a thread of its own.
function threads.start(code, argument)
   local L = C.luaL_newstate()
   C.luaL_openlibs(L)
   local function push(text) C.lua_pushlstring(L, text, #text) end
   assert(C.luaL_loadbuffer(L, start, #start, "=start") == 0, text_at(L, -1))
   push(code)
   push(package.path)
   push(package.cpath)
   push(argument or "")
   if C.lua_pcall(L, 4, 0, 0) ~= 0 then error(text_at(L, -1)) end
   C.lua_getfield(L, globals, "address")
   local entry = ffi.cast("void *(*)(void *)", ffi.cast("uintptr_t", C.lua_tonumber(L, -1)))
   C.lua_settop(L, 0)
   local thread = ffi.new("uintptr_t[1]")
   assert(posix.test_thread_create(thread, nil, entry, nil) == 0)
   return setmetatable({ L = L, thread = thread }, Thread)
end

--- Waits for its end: what it returned, as a string.
function Thread:join()
   assert(posix.test_thread_join(self.thread[0], nil) == 0)
   C.lua_getfield(self.L, globals, "outcome")
   local outcome = text_at(self.L, -1)
   C.lua_close(self.L)
   self.L = nil
   return outcome
end

return threads
