# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "drb"
require "json/add/exception"
require "yaml"
require_relative "helper"

# The ways that an error travels: none makes an old key look as if it still worked.
class ErrorsTest < Minitest::Test
  include Helper

  # What the library says of every call that ends so: include/mobivate.h.
  UNCHANGED = %w[InvalidArgument Resolve Connect TLS].freeze

  def unknown
    @unknown ||= error_of({ status: 503, headers: [%w[Retry-After 9]], body: { code: 7, message: "später" } })
  end

  def error_of(scenario)
    username = new_account(scenario)
    Mobivate::Client.open(**Standin::OVER_HTTP) { |client| client.create_key(username, PASSWORD) }
  rescue Mobivate::Error => e
    e
  end

  def facts(error)
    [error.class, error.message, error.status, error.key_state, error.http_status, error.server_code,
     error.server_message, error.retry_after_ms]
  end

  def test_what_keeps_everything
    assert_equal [Mobivate::ServerError, "MBV_ERR_SERVER", :unknown, 503, 7, "später", 9000],
                 facts(unknown).values_at(0, 2, 3, 4, 5, 6, 7)
    # One with a state that its class does not imply, too.
    [unknown, Mobivate::TimeoutError.new("kept", key_state: :unchanged)].each do |error|
      { "Marshal" => Marshal.load(Marshal.dump(error)), "dup" => error.dup, "clone" => error.clone,
        "YAML" => YAML.unsafe_load(YAML.dump(error)),
        "another thread" => assert_raises(Mobivate::Error) { Thread.new { silently { raise error } }.value },
        "another process" => from_a_fork { error } }.each do |way, copy|
        assert_equal facts(error), facts(copy), way
      end
    end
  end

  def silently
    Thread.current.report_on_exception = false
    yield
  end

  # As forking servers and the parallel gem do it.
  def from_a_fork(&block)
    reader, writer = IO.pipe
    child = fork do
      writer.write(Marshal.dump(block.call))
      writer.close
      exit!(0)
    end
    writer.close
    Marshal.load(reader.read)
  ensure
    Process.wait(child)
  end

  def test_a_ractor_takes_it
    output, status = run_ruby(<<~'RUBY', Marshal.dump(unknown).unpack1("H*"))
      require "mobivate"
      Warning[:experimental] = false
      error = Marshal.load([ARGV[0]].pack("H*"))
      puts Ractor.new(error) { |taken| [taken.class, taken.key_state, taken.http_status].inspect }.take
    RUBY
    assert_equal ["[Mobivate::ServerError, :unknown, 503]\n", 0], [output, status]
  end

  def test_a_drb_client_gets_it
    username = new_account({ status: 503 })
    service = Mobivate::Client.new(**Standin::OVER_HTTP)
    server = DRb::DRbServer.new("druby://127.0.0.1:0", service)
    error = assert_raises(Mobivate::ServerError) do
      DRb::DRbObject.new_with_uri(server.uri).create_key(username, PASSWORD)
    end
    assert_equal [:unknown, 503], [error.key_state, error.http_status]
  ensure
    server&.stop_service
    service&.close
  end

  def test_another_message_keeps_the_state
    error = assert_raises(Mobivate::ServerError) { raise unknown, "in other words" }
    assert_equal ["in other words", :unknown, 503], [error.message, error.key_state, error.http_status]
    replaced = Mobivate::InternalError.new("lost", key_state: :replaced)
    assert_equal :replaced, replaced.exception("in other words").key_state
  end

  def test_an_error_that_is_wrapped_is_the_cause
    wrapped = assert_raises(RuntimeError) do
      raise unknown
    rescue Mobivate::Error
      raise "rotation failed"
    end
    assert_same unknown, wrapped.cause
    assert_includes wrapped.full_message(highlight: false), "The old key may be revoked"
    assert_equal :unknown, Marshal.load(Marshal.dump(wrapped.cause)).key_state
  end

  def test_what_loses_the_state_leaves_what_the_class_implies
    Mobivate.constants.map { |name| Mobivate.const_get(name) }.each do |type|
      next unless type.is_a?(Class) && type <= Mobivate::Error

      expected = UNCHANGED.map { |name| "Mobivate::#{name}Error" }.include?(type.name) ? :unchanged : :unknown
      { "new" => type.new("lost"), "exception" => type.exception("lost"), "allocate" => type.allocate,
        "JSON" => JSON.parse(JSON.generate(type.new("lost", key_state: :replaced)), create_additions: true),
        "raise" => assert_raises(type) { raise type, "lost" } }.each do |way, error|
        assert_equal expected, error.key_state, "#{type}, #{way}"
      end
    end
  end

  def test_a_subclass_of_the_programs_own_is_unknown
    assert_equal :unknown, Class.new(Mobivate::TimeoutError).new("lost").key_state
    assert_equal :unchanged, Class.new(Mobivate::TimeoutError).new("known", key_state: :unchanged).key_state
  end
end
