# SPDX-License-Identifier: MIT
require "mobivate"

begin
  key = Mobivate::Client.open { |client| client.create_key("first.last@example.com", "your-pass") }
rescue Mobivate::Error => e
  warn e.message # says whether the old key still works, too
  exit 5 unless e.key_state == :unchanged # with the exit codes of mbv
  exit case e
       when Mobivate::InvalidArgumentError then 2
       when Mobivate::CredentialsError, Mobivate::RateLimitedError, Mobivate::RejectedError then 3
       else 4
       end
end

begin
  $stdout.puts key
  $stdout.flush
rescue SystemCallError => e
  warn "The new key could not be printed (#{e.message}): #{key}"
  exit 6
end
