# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "json"
require "net/http"
require "uri"

# The stand-in service, as tests/standin/README.md describes it.
module Standin
  FACTS = JSON.parse(ENV.fetch("MOBIVATE_STANDIN")).freeze
  OVER_HTTPS = { base_url: FACTS["https"], ca_file: FACTS["ca_file"], proxy: "" }.freeze
  OVER_HTTP = { base_url: FACTS["http"], proxy: "" }.freeze
  # Answers never.
  STALLS = { creates: true, cut: { after: 0, how: "stall" } }.freeze
  PASSWORD = "correct-password"

  module_function

  def control(request)
    uri = URI(FACTS["http"])
    # No proxy, whatever the environment says.
    answer = Net::HTTP.start(uri.host, uri.port, nil, read_timeout: 60) { |http| http.request(request) }
    raise "#{request.path}: #{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPSuccess)

    JSON.parse(answer.body)
  end

  def post(path, content)
    request = Net::HTTP::Post.new(path, "Content-Type" => "application/json")
    request.body = JSON.generate(content)
    control(request)
  end

  def get(path)
    control(Net::HTTP::Get.new(path))
  end

  def create_account(username, password = PASSWORD, scenario = {})
    post("/standin/accounts", { username: username, password: password, scenario: scenario })
  end

  # What is true of an account, once there were so many requests.
  def account(username, requests = 0, counted = :requests)
    name = URI.encode_www_form_component(username)
    get("/standin/accounts/#{name}?#{counted}=#{requests}&timeout_ms=10000")
  end
end
