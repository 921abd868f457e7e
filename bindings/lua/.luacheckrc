-- SPDX-License-Identifier: MIT
std = "luajit"
max_line_length = 110
files["tests/*_spec.lua"].std = "luajit+busted"
files["*.rockspec"].std = "rockspec"
