# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "timeout"
require_relative "helper"

class CancelTest < Minitest::Test
  include Helper

  class Stop < StandardError; end

  def test_a_cancellation_ends_its_call
    stalled = stalled_call
    stalled.cancellation.cancel
    error = stalled.thread.value
    assert_instance_of Mobivate::CancelledError, error
    assert_equal ["MBV_ERR_CANCELLED", :unknown], [error.status, error.key_state]
    assert_match(/The old key may be revoked/, error.message)
    assert_usable(stalled.client)
    stalled.client.close
  end

  def test_a_cancellation_is_of_its_own_call
    username = new_account
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    earlier = Mobivate::Cancellation.new
    client.create_key(username, PASSWORD, cancellation: earlier)
    earlier.cancel # between two calls
    client.create_key(username, PASSWORD)
    assert_predicate earlier, :cancelled?
    error = assert_raises(Mobivate::CancelledError) do
      client.create_key(username, PASSWORD, cancellation: earlier)
    end
    assert_equal :unchanged, error.key_state
    key = client.create_key(username, PASSWORD, cancellation: Mobivate::Cancellation.new)
    account = Standin.account(username)
    assert_equal [3, key], [account["requests"], account["valid_key"]]
    client.close
  end

  def test_an_earlier_cancellation_does_not_hit_a_call_in_progress
    username = new_account({ sequence: [{}, { delay_ms: { before_answer: 100 } }] })
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    earlier = Mobivate::Cancellation.new
    client.create_key(username, PASSWORD, cancellation: earlier)
    thread = Thread.new { client.create_key(username, PASSWORD) }
    Standin.account(username, 2)
    earlier.cancel
    key = thread.value
    assert_equal Standin.account(username)["valid_key"], key
    client.close
  end

  def test_a_cancellation_works_in_a_signal_handler
    stalled = stalled_call
    handled = Thread::Queue.new
    before = Signal.trap("USR1") { handled << stalled.cancellation.cancel }
    Process.kill("USR1", Process.pid)
    assert_nil handled.pop
    assert_instance_of Mobivate::CancelledError, stalled.thread.value
    stalled.client.close
  ensure
    Signal.trap("USR1", before)
  end

  def test_timeout_ends_a_call
    username = new_account(Standin::STALLS)
    client = Mobivate::Client.new(**Standin::OVER_HTTPS, timeout_ms: 60_000)
    [[], [Stop]].each do |exception|
      assert_raises(exception.first || Timeout::Error) do
        Timeout.timeout(0.05, *exception) { client.create_key(username, PASSWORD) }
      end
      assert_includes %i[unchanged unknown], client.key_state # whether the request was sent by then
      assert_usable(client)
    end
    client.close
  end

  def test_thread_raise_ends_a_call
    stalled = stalled_call(timeout_ms: 60_000)
    stalled.thread.raise(Stop)
    assert_instance_of Stop, stalled.thread.value
    assert_equal :unknown, stalled.client.key_state
    assert_told(:unknown, /The old key may be revoked/, stalled.thread.value)
    assert_usable(stalled.client)
    assert_equal :replaced, stalled.client.key_state
    stalled.client.close
  end

  # The exception alone says whether the old key works, also where the client is gone.
  def assert_told(key_state, words, exception)
    assert_instance_of Mobivate::CancelledError, exception.cause
    assert_equal key_state, exception.cause.key_state
    assert_match words, exception.full_message(highlight: false)
  end

  def test_the_cause_of_an_interruption_tells_a_key_that_was_created_and_lost
    username = new_account
    error = assert_raises(Stop) do
      Mobivate::Client.open(**Standin::OVER_HTTP) { |client| interrupt_after_the_key(client, username) }
    end
    assert_told(:replaced, /The old key is revoked, and the new one is lost: ask for it with get_key\./,
                error)
    assert_equal 1, Standin.account(username)["replaced"]
  end

  def test_a_call_that_asks_is_ended_and_changes_nothing
    username = new_account({ get: { cut: { after: 0, how: "stall" } },
                             test: { cut: { after: 0, how: "stall" } } })
    key = Standin.account(username)["valid_key"]
    client = Mobivate::Client.new(**Standin::OVER_HTTPS, timeout_ms: 60_000)
    { get_requests: -> { client.get_key(username, PASSWORD) }, test_requests: -> { client.test_key(key) } }
      .each do |count, call|
      thread = Thread.new(&call)
      thread.report_on_exception = false
      Standin.account(username, 1, count)
      thread.raise(Stop)
      assert_told(:unchanged, /The call was interrupted\. \(/, assert_raises(Stop) { thread.value })
      assert_equal :unchanged, client.key_state
    end
    client.close
  end

  # Between the end of the call and its return.
  def interrupt_after_the_key(client, username)
    armed = true
    trace = TracePoint.new(:c_return) do |point|
      next unless armed && point.method_id == :pop && point.self.is_a?(Thread::Queue)

      armed = false
      raise Stop
    end
    trace.enable(target_thread: Thread.current) { client.create_key(username, PASSWORD) }
  end

  def test_thread_kill_ends_a_call
    stalled = stalled_call(timeout_ms: 60_000)
    stalled.thread.kill
    stalled.thread.join
    assert_nil stalled.thread.value
    assert_equal :unknown, stalled.client.key_state
    assert_usable(stalled.client)
    stalled.client.close
  end

  # Where the program itself has masked an interrupt, the call goes on.
  def test_what_is_masked_waits_for_the_end_of_the_call
    username = new_account({ delay_ms: { before_answer: 100 } })
    client = Mobivate::Client.new(**Standin::OVER_HTTPS)
    key = nil
    thread = Thread.new do
      Thread.handle_interrupt(Stop => :never) { key = client.create_key(username, PASSWORD) }
    rescue Stop => e
      e
    end
    Standin.account(username, 1)
    thread.raise(Stop)
    assert_instance_of Stop, thread.value
    assert_equal Standin.account(username)["valid_key"], key
    client.close
  end

  # Interrupts at any moment, twice in a row at times: no call is left behind, and no client is busy.
  def test_interrupts_at_any_moment
    # Where the machine is busy, the usual answer may be there before anything is raised.
    usual = new_account
    slow = new_account({ delay_ms: { before_answer: 100 } })
    client = Mobivate::Client.new(**Standin::OVER_HTTP)
    outcomes = Hash.new(0)
    300.times do |turn|
      ready = Thread::Queue.new
      thread = Thread.new do
        ready << true
        client.create_key((turn % 10).zero? ? slow : usual, PASSWORD).size
      rescue Stop
        :stopped
      end
      thread.report_on_exception = false
      ready.pop
      (turn % 50).times { Thread.pass }
      (1 + (turn % 2)).times { thread.raise(Stop) }
      begin
        outcomes[thread.value] += 1
      rescue Stop
        outcomes[:stopped_twice] += 1
      end
    end
    assert_equal 300, outcomes.values.sum
    assert_empty outcomes.keys - [:stopped, :stopped_twice, 36]
    assert_operator outcomes[:stopped], :>, 0
    assert_usable(client)
    client.close
  end

  def test_control_c_ends_a_call_and_the_client_goes_on
    stalling = new_account(Standin::STALLS)
    usual = new_account
    program = <<~'RUBY'
      require "json"
      require "mobivate"
      options, stalling, usual, password = JSON.parse(ARGV[0], symbolize_names: true)
      client = Mobivate::Client.new(**options, timeout_ms: 60_000)
      begin
        client.create_key(stalling, password)
      rescue Interrupt => e
        puts "#{e.class} #{client.key_state} #{e.cause.key_state}"
      end
      puts client.create_key(usual, password)
    RUBY
    arguments = JSON.generate([Standin::OVER_HTTPS, stalling, usual, PASSWORD])
    Open3.popen2e(RbConfig.ruby, "-e", program, arguments) do |_, output, process|
      Standin.account(stalling, 1)
      Process.kill("INT", process.pid)
      printed = output.read
      assert_equal "Interrupt unknown unknown\n#{Standin.account(usual)['valid_key']}\n", printed
      assert_predicate process.value, :success?
    end
  end

  def test_a_process_exits_in_the_middle_of_a_call
    username = new_account(Standin::STALLS)
    program = <<~'RUBY'
      require "json"
      require "mobivate"
      options, username, password = JSON.parse(ARGV[0], symbolize_names: true)
      client = Mobivate::Client.new(**options, timeout_ms: 60_000)
      Thread.new { client.create_key(username, password) }
      $stdin.gets
      exit 23
    RUBY
    arguments = JSON.generate([Standin::OVER_HTTPS, username, PASSWORD])
    Open3.popen2e(RbConfig.ruby, "-e", program, arguments) do |input, output, process|
      Standin.account(username, 1)
      input.puts("exit")
      assert_equal ["", 23], [output.read, process.value.exitstatus] # after a minute otherwise
    end
  end
end
