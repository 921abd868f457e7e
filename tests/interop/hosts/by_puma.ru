# SPDX-License-Identifier: MIT
# Creates a key for each request. One client is made, and has a connection, before Puma forks (preload_app!); a thread that finds
# it in use takes one of its own.
require "json"
require "uri"
require "mobivate"

def make_client
  Mobivate::Client.new(base_url: ENV.fetch("HOSTS_URL"), ca_file: ENV.fetch("HOSTS_CA_FILE"), proxy: "")
end

preloaded = make_client
in_use = Mutex.new
preloaded.create_key(ENV.fetch("HOSTS_FIRST"), ENV.fetch("HOSTS_PASSWORD"))

with_client = lambda do |&work|
  if in_use.try_lock
    begin
      work.call(preloaded)
    ensure
      in_use.unlock
    end
  else
    work.call(Thread.current.thread_variable_get(:client) ||
              make_client.tap { |client| Thread.current.thread_variable_set(:client, client) })
  end
end

run(lambda do |environment|
  username = URI.decode_www_form(environment["QUERY_STRING"]).to_h["username"]
  answer = begin
    key = with_client.call { |client| client.create_key(username, ENV.fetch("HOSTS_PASSWORD")) }
    { key: key, process: Process.pid }
  rescue Mobivate::Error => e
    { error: e.message, process: Process.pid }
  end
  [200, { "Content-Type" => "application/json" }, [answer.to_json]]
end)
