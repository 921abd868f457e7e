# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

class ClientTest < Minitest::Test
  include Helper

  def test_an_error_carries_everything_and_its_text_the_key_state
    username = new_account({ status: 429, headers: [%w[Retry-After 7]],
                             body: { code: 4290, message: "Langsam, bitte: zu häufig" } })
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    error = assert_raises(Mobivate::RateLimitedError) { client.create_key(username, PASSWORD) }
    client.close
    assert_kind_of Mobivate::Error, error
    assert_equal ["MBV_ERR_RATE_LIMITED", :unchanged, 429, 4290, "Langsam, bitte: zu häufig", 7000],
                 [error.status, error.key_state, error.http_status, error.server_code, error.server_message,
                  error.retry_after_ms]
    assert_match(/zu häufig.*The old key still works\.\z/, error.message)
    assert_includes error.backtrace.join("\n"), File.basename(__FILE__)
    [error.message, error.server_message, error.status].each do |text|
      assert_equal Encoding::UTF_8, text.encoding
    end
  end

  def test_what_an_error_does_not_have_is_nil
    client = Mobivate::Client.new(base_url: "https://#{Standin::FACTS['hosts']['refused']}", proxy: "")
    error = assert_raises(Mobivate::ConnectError) { client.create_key("nobody@example.com", PASSWORD) }
    assert_equal :unchanged, error.key_state
    assert_equal [nil] * 4,
                 [error.http_status, error.server_code, error.server_message, error.retry_after_ms]
  ensure
    client.close
  end

  # All that a refusal tells of the key is false; what the server cannot tell is an error.
  def test_a_key_is_tested
    username = new_account({ test: { sequence: [{}, {}, { status: 503 }] } })
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    key = client.create_key(username, PASSWORD)
    assert_equal :replaced, client.key_state
    assert_same true, client.test_key(key)
    assert_same true, client.test_key(client.get_key(username, PASSWORD).encode("UTF-16LE"))
    assert_raises(Mobivate::ServerError) { client.test_key(key) }
    assert_same false, client.test_key("another-key")
    assert_equal :unchanged, client.key_state
    [42, nil].each { |other| assert_raises(TypeError) { client.test_key(other) } }
    assert_raises(TypeError) { client.get_key(username, nil) }
    client.close
    assert_raises(Mobivate::ClosedError) { client.test_key(key) }
  end

  def test_a_closed_client_says_so_and_may_be_closed_again
    client = Mobivate::Client.new
    refute_predicate client, :closed?
    assert_nil client.close
    assert_nil client.close
    assert_predicate client, :closed?
    [-> { client.create_key("nobody@example.com", PASSWORD) }, -> { client.set(timeout_ms: 1) }].each do |use|
      error = assert_raises(Mobivate::ClosedError, &use)
      assert_equal "The client is closed.", error.message
      assert_kind_of IOError, error
    end
    assert_equal :unchanged, client.key_state
  end

  def test_a_block_has_a_client_and_closes_it
    kept = nil
    assert_equal(:value, Mobivate::Client.open(timeout_ms: 5) { |client| (kept = client) && :value })
    assert_predicate kept, :closed?
    assert_raises(ZeroDivisionError) { Mobivate::Client.open { |client| (kept = client) && (1 / 0) } }
    assert_predicate kept, :closed?
    client = Mobivate::Client.open
    refute_predicate client, :closed?
    client.close
  end

  def test_closing_during_a_call_on_another_thread_ends_the_call_and_then_the_client
    relay = relay("https")
    GC.start
    GC.disable # The call itself frees the client.
    before = Dir.children("/proc/self/fd").size
    stalled = stalled_call(base_url: relay["url"])
    assert_operator Dir.children("/proc/self/fd").size, :>, before
    assert_equal 0, closed_connections(relay, 0)
    stalled.client.close
    error = stalled.thread.value
    assert_instance_of Mobivate::CancelledError, error
    assert_equal :unknown, error.key_state
    assert_equal 1, closed_connections(relay)
    assert_equal before, Dir.children("/proc/self/fd").size
    stalled.client.close
    assert_raises(Mobivate::ClosedError) { stalled.client.create_key(stalled.username, PASSWORD) }
  ensure
    GC.enable
  end

  def test_a_client_that_nobody_closed_is_freed_once_nobody_has_it
    relay = relay("http")
    username = new_account
    # In a thread, whose stack keeps nothing.
    Thread.new { Mobivate::Client.new(base_url: relay["url"], proxy: "").create_key(username, PASSWORD) }.join
    assert_equal 0, closed_connections(relay, 0)
    closed = 0
    100.times do
      GC.start
      break unless (closed = closed_connections(relay, 100)).zero?
    end
    assert_equal 1, closed
  end

  def test_a_copy_is_the_same_client
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    Thread.new { client.dup }.join
    GC.start
    assert_usable(client)
    client.dup.close
    assert_predicate client, :closed?
    client.close
  end

  def test_a_client_in_a_call_takes_no_other_call_and_no_option
    stalled = stalled_call
    [-> { stalled.client.create_key(stalled.username, PASSWORD) },
     -> { stalled.client.set(timeout_ms: 1) }].each do |use|
      error = assert_raises(Mobivate::BusyError, &use)
      assert_equal ["MBV_ERR_BUSY", :unknown], [error.status, error.key_state]
      assert_includes error.message, "another thread"
    end
    assert_predicate stalled.thread, :alive?
    assert_equal 1, Standin.account(stalled.username)["requests"]
    stalled.cancellation.cancel
    assert_instance_of Mobivate::CancelledError, stalled.thread.value
    assert_usable(stalled.client)
    stalled.client.close
  end

  def test_other_threads_run_during_a_call
    stalled = stalled_call
    turns = 0
    Thread.new { 1000.times { (turns += 1) && Thread.pass } }.join
    assert_equal 1000, turns
    assert_predicate stalled.thread, :alive?
    stalled.client.close
    assert_instance_of Mobivate::CancelledError, stalled.thread.value
  end

  # The least that a fiber scheduler can be: here, fibers wait for queues and locks alone.
  class Scheduler
    def initialize
      @ready = Thread::Queue.new
      @waiting = 0
    end

    def fiber(&block)
      Fiber.new(blocking: false, &block).tap(&:resume)
    end

    def block(*)
      @waiting += 1
      Fiber.yield
      @waiting -= 1
      true
    end

    def unblock(_blocker, fiber)
      @ready << fiber
    end

    def close
      @ready.pop.resume while @waiting.positive?
    end

    def kernel_sleep(*) = raise(NotImplementedError)
    def io_wait(*) = raise(NotImplementedError)
  end

  def test_other_fibers_run_during_a_call
    username = new_account(Standin::STALLS)
    client = Mobivate::Client.new(**Standin::OVER_HTTPS, timeout_ms: 60_000)
    cancellation = Mobivate::Cancellation.new
    order = []
    Thread.new do
      Fiber.set_scheduler(Scheduler.new)
      Fiber.schedule do
        order << :call
        client.create_key(username, PASSWORD, cancellation: cancellation)
      rescue Mobivate::CancelledError
        order << :cancelled
      end
      Fiber.schedule { (order << :other) && cancellation.cancel }
    end.join
    assert_equal %i[call other cancelled], order
    client.close
  end

  def test_options_are_refused_by_name
    client = Mobivate::Client.new(timeout_ms: 5000, user_agent: nil)
    assert_same client, client.set(timeout_ms: 6000)
    error = assert_raises(Mobivate::InvalidArgumentError) { client.set(connect_timeout_ms: 0) }
    assert_equal ["MBV_ERR_INVALID_ARGUMENT", :unchanged], [error.status, error.key_state]
    assert_match(/\AThe option connect_timeout_ms must be a whole number/, error.message)
    assert_match(/no option "retries"/,
                 assert_raises(Mobivate::InvalidArgumentError) { client.set(retries: 3) }.message)
    assert_raises(ArgumentError) { client.set(ca_file: "a\0b") }
    assert_raises(ArgumentError) { client.set(ca_file: "ab".encode("UTF-16LE")) }
    client.close
    assert_raises(Mobivate::InvalidArgumentError) { Mobivate::Client.new(base_url: "http://example.com") }
  end

  def test_texts_are_strings_of_any_encoding
    username = new_account(password: "grüß €")
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    ["grüß €", "grüß €".b, "grüß €".encode("UTF-16BE"), "grüß €".encode("ISO-8859-15")].each do |password|
      before = password.dup
      key = client.create_key(username, password.freeze)
      assert_equal Standin.account(username)["valid_key"], key
      assert_equal Encoding::UTF_8, key.encoding
      refute_predicate key, :frozen?
      assert_equal before, password
    end
    ["\xFF", "\xD8\x3D".dup.force_encoding("UTF-16BE")].each do |password|
      error = assert_raises(Mobivate::InvalidArgumentError) { client.create_key(username, password) }
      assert_equal "The password is not UTF-8 at byte 0. The old key still works.", error.message
    end
    assert_raises(TypeError) { client.create_key(username, 42) }
    assert_raises(TypeError) { client.create_key(nil, PASSWORD) }
    assert_raises(TypeError) { client.create_key(username, PASSWORD, cancellation: true) }
    assert_equal 4, Standin.account(username)["requests"]
    client.close
  end

  # Its bytes are read before the call, and no longer.
  def test_a_password_may_be_wiped_during_the_call
    username = new_account({ delay_ms: { before_answer: 50 } })
    password = +PASSWORD
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    thread = Thread.new { client.create_key(username, password) }
    Standin.account(username, 1)
    Mobivate.wipe(password).replace("x" * 100_000)
    GC.start
    key = thread.value
    assert_equal Standin.account(username)["valid_key"], key
    client.close
  end

  def test_no_secret_is_shown
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    username = new_account
    key = client.create_key(username, PASSWORD)
    error = assert_raises(Mobivate::CredentialsError) { client.create_key(username, "wrong-password") }
    shown = [client, error, Mobivate::Cancellation.new].map { |object| "#{object} #{object.inspect}" }
    shown.push(error.full_message(highlight: false), client.inspect)
    [key, PASSWORD, "wrong-password"].each { |secret| refute_includes shown.join("\n"), secret }
    assert_equal "#<Mobivate::Client open>", client.inspect
    client.close
    assert_equal "#<Mobivate::Client closed>", client.inspect
  end

  def test_wipe_overwrites_in_place
    text = +"grüß"
    assert_same text, Mobivate.wipe(text)
    assert_equal "\0" * 6, text
    assert_raises(FrozenError) { Mobivate.wipe("frozen") }
  end

  def test_a_hundred_clients_at_once
    username = new_account
    clients = Array.new(100) { Mobivate::Client.new(**Standin::OVER_HTTP) }
    keys = clients.map { |client| Thread.new { client.create_key(username, PASSWORD) } }.map(&:value)
    clients.each(&:close)
    account = Standin.account(username)
    assert_equal [100, 100], [account["requests"], keys.uniq.size]
    assert_includes keys, account["valid_key"]
  end
end
