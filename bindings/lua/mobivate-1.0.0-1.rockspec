-- SPDX-License-Identifier: MIT
rockspec_format = "3.0"
package = "mobivate"
version = "1.0.0-1"
source = { url = "git+file://.", tag = "v1.0.0" } -- `luarocks make` takes what is here.
description = {
   summary = "Creates an API key for a Mobivate account, and tells what became of the old one.",
   detailed = "A binding of libmobivate 1.x, which creates API keys of the Mobivate bulk-SMS service. For LuaJIT.",
   license = "MIT",
}
-- LuaJIT counts as 5.1. The module says so where there is no ffi.
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
