# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# Creates ARGV[0] keys with the binding, one after the other on one client.

require "mobivate"

count = Integer(ARGV.fetch(0))
ordinary = ENV["MOBIVATE_PROGRAM_TEXT"] == "1"
path = ENV.fetch("MOBIVATE_PASSWORD_FILE")
password = ordinary ? File.read(path) : File.open(path) { |file| file.sysread(file.size) }
username = ENV.fetch("MOBIVATE_USERNAME")
client = Mobivate::Client.new(base_url: ENV.fetch("MOBIVATE_BASE_URL"),
                              ca_file: ENV.fetch("MOBIVATE_CA_FILE"), proxy: "")
count.times do
  key = client.create_key(username, password)
  Mobivate.wipe(key) unless ordinary
end
Mobivate.wipe(password) unless ordinary
puts "created #{count}"

if ENV["MOBIVATE_PROGRAM_PAUSE"] == "1"
  pause = lambda do |word|
    puts word
    $stdout.flush
    $stdin.gets
  end
  pause.call("kept")
  client.close
  pause.call("freed")
end
client.close
