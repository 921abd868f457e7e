# SPDX-License-Identifier: MIT
require "mobivate"

begin
  Mobivate::Client.open do |client|
    puts client.create_key("first.last@example.com", "your-pass")
  end
rescue Mobivate::Error => e
  warn e.message
  warn "Run this again." if e.key_state == :unknown
end
