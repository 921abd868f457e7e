-- SPDX-License-Identifier: MIT
rockspec_format = "3.0"
package = "mobivate"
version = "1.1.0-1"
-- Where the sources are is not decided: `luarocks make` takes what is here.
source = { url = "git+file://.", tag = "v1.1.0" }
description = {
   summary = "Create Mobivate API keys, and know whether the old key still works.",
   detailed = [[
      A binding of libmobivate 1.1 or newer for LuaJIT. Creating an API key at the Mobivate bulk-SMS service revokes the
      account's old key; every error says whether that has happened.]],
   license = "MIT",
   labels = { "sms", "api-key", "ffi" },
}
-- LuaJIT is a Lua 5.1. Where there is no ffi, the module says so.
dependencies = { "lua == 5.1" }
supported_platforms = { "unix" }
build = {
   type = "builtin",
   modules = {
      ["mobivate"] = "mobivate.lua",
      ["mobivate.library"] = "mobivate/library.lua",
   },
   copy_directories = { "examples" },
}
