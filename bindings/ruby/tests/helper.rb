# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "fileutils"
require "minitest/autorun"
require "open3"
require "rbconfig"
require "tmpdir"
require "mobivate"
require_relative "standin"

# A warning of Ruby's fails the test that causes it.
module Warning
  def self.warn(message, **)
    raise message
  end
end

# What several tests do.
module Helper
  PASSWORD = Standin::PASSWORD
  StalledCall = Struct.new(:client, :thread, :username, :cancellation)

  def new_account(scenario = {}, password: PASSWORD)
    username = "client-#{Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)}-ruby@example.com"
    Standin.create_account(username, password, scenario)
    username
  end

  # A call that is at the stand-in, and stays there. The thread's value is the key, or what was raised.
  def stalled_call(**options)
    username = new_account(Standin::STALLS)
    client = Mobivate::Client.new(**Standin::OVER_HTTPS, timeout_ms: 60_000, **options)
    cancellation = Mobivate::Cancellation.new
    thread = Thread.new do
      client.create_key(username, PASSWORD, cancellation: cancellation)
    rescue Exception => e # rubocop:disable Lint/RescueException
      e
    end
    Standin.account(username, 1)
    StalledCall.new(client, thread, username, cancellation)
  end

  # The client goes on after whatever happened to it.
  def assert_usable(client)
    username = new_account
    key = client.create_key(username, PASSWORD)
    assert_equal Standin.account(username)["valid_key"], key
  end

  def relay(target)
    Standin.post("/standin/relays", { target: target })
  end

  # How many of a relay's connections are closed, once one is.
  def closed_connections(relay, milliseconds = 10_000)
    Standin.get("/standin/relays/#{relay['id']}?closed=1&timeout_ms=#{milliseconds}")["closed"]
  end

  # Runs a program in a Ruby of its own, and returns what it printed, and its exit status.
  def run_ruby(program, *arguments, environment: {})
    output, status = Open3.capture2e(environment, RbConfig.ruby, "-e", program, *arguments)
    [output, status.exitstatus]
  end
end
