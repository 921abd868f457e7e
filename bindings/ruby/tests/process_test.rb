# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

class ProcessTest < Minitest::Test
  include Helper

  def test_a_forked_client_works_in_both_processes
    relay = relay("https")
    program = <<~'RUBY'
      require "json"
      require "mobivate"
      options, username, password = JSON.parse(ARGV[0], symbolize_names: true)
      client = Mobivate::Client.new(**options)
      client.create_key(username, password)
      Process.wait(fork { nil }) # When it ends, the connection of the parent stays.
      Process.wait(fork { client.create_key(username, password) && client.close })
      exit 1 unless $?.success?
      puts client.create_key(username, password)
      puts "parent"
      $stdout.flush
      $stdin.gets
    RUBY
    username = new_account
    arguments = JSON.generate([Standin::OVER_HTTPS.merge(base_url: relay["url"]), username, PASSWORD])
    Open3.popen2e(RbConfig.ruby, "-e", program, arguments) do |input, output, process|
      lines = [output.gets, output.gets]
      account = Standin.account(username)
      assert_equal ["#{account['valid_key']}\n", "parent\n"], lines
      assert_equal 3, account["requests"]
      # The connection of the child alone has ended: the parent's was kept all the time.
      state = Standin.get("/standin/relays/#{relay['id']}?closed=1&timeout_ms=10000")
      assert_equal 1, state["closed"], state
      input.puts
      assert_predicate process.value, :success?
    end
  end

  def test_only_the_process_that_made_a_client_frees_it
    output, = run_ruby(<<~'RUBY')
      require "mobivate"
      Mobivate.module_eval("Library").define_singleton_method(:mbv_free) { |_| $stdout.syswrite("freed\n") }
      client = Mobivate::Client.new
      Process.wait(fork { exit })
      $stdout.syswrite("child has ended\n") if client
    RUBY
    assert_equal "child has ended\nfreed\n", output
  end

  def test_a_client_that_is_forked_during_a_call_is_busy_in_the_child
    username = new_account(Standin::STALLS)
    program = <<~'RUBY'
      require "json"
      require "mobivate"
      options, username, password = JSON.parse(ARGV[0], symbolize_names: true)
      client = Mobivate::Client.new(**options, timeout_ms: 60_000)
      call = Thread.new do
        client.create_key(username, password)
      rescue Mobivate::CancelledError
        puts "cancelled"
      end
      $stdin.gets
      child = fork do
        client.create_key(username, password)
      rescue Mobivate::BusyError
        client.close
        client = nil
        GC.start
        exit 5
      end
      Process.wait(child)
      puts $?.exitstatus
      client.close
      call.join
    RUBY
    Open3.popen2e(RbConfig.ruby, "-e", program,
                  JSON.generate([Standin::OVER_HTTPS, username, PASSWORD])) do |input, output, _process|
      Standin.account(username, 1)
      input.puts
      assert_equal "5\ncancelled\n", output.read
    end
  end

  def test_another_ractor_is_told_that_it_cannot
    output, status = run_ruby(<<~'RUBY')
      require "mobivate"
      Warning[:experimental] = false
      begin
        Ractor.new { $stderr.reopen(File::NULL); Mobivate::Client.new }.take
      rescue Ractor::RemoteError => e
        puts e.cause.class < StandardError
      end
    RUBY
    assert_equal [true, 0], [output.end_with?("true\n"), status], output
  end
end
