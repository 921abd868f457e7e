# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# Creates ARGV[0] keys with Ruby's own HTTP client, one after the other on one connection.

require "json"
require "net/http"
require "uri"

count = Integer(ARGV.fetch(0))
uri = URI("#{ENV.fetch('MOBIVATE_BASE_URL')}/auth/createkey")
username = ENV.fetch("MOBIVATE_USERNAME")
password = File.read(ENV.fetch("MOBIVATE_PASSWORD_FILE"))
options = { use_ssl: uri.scheme == "https", ca_file: ENV.fetch("MOBIVATE_CA_FILE") }
Net::HTTP.start(uri.host, uri.port, nil, **options) do |http|
  count.times do
    answer = http.post(uri.path, JSON.generate({ username: username, password: password }),
                       "Content-Type" => "application/json")
    raise "HTTP #{answer.code}: #{answer.body}" unless answer.is_a?(Net::HTTPSuccess)

    key = JSON.parse(answer.body).fetch("apiKey")
    raise "an empty key" if key.empty?
  end
end
puts "created #{count}"
