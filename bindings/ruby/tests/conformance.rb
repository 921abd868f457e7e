# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.

require "mobivate"
require_relative "standin"

# One case, with a client and accounts of its own.
class Case
  Failure = Class.new(StandardError)
  IN_WORDS = ["The old key still works.", "The old key is revoked.", "The old key may be revoked"].freeze
  Outcome = Struct.new(:key, :error)

  def initialize(one)
    @one = one
    @username = one["username"] ? text(one["username"]) : "#{one['name']}-ruby@example.com"
    @password = text(one.fetch("password", Standin::PASSWORD))
    @cancellation = nil
  end

  def run
    Standin.create_account(@username, @password, @one.fetch("scenario", {})) unless @one["username"]
    @client = new_client
    @one["steps"].each_with_index do |step, index|
      step.fetch("repeat", 1).times do |turn|
        run_step(step, "step #{index + 1} (#{step['do']}), turn #{turn + 1}")
      end
    end
  ensure
    @client&.close
  end

  private

  def text(rule)
    rule.is_a?(String) ? rule : rule["repeat"][0] * rule["repeat"][1]
  end

  def base_url
    name = @one.fetch("base_url", "https")
    group, member = name.split(".", 2)
    case group
    when "hosts" then "https://#{Standin::FACTS['hosts'][member]}"
    when "tls_faults" then Standin::FACTS["tls_faults"][member]
    when "https", "http" then Standin::FACTS[group]
    else name
    end
  end

  def new_client
    options = { proxy: "", base_url: base_url }
    options[:ca_file] = Standin::FACTS["ca_file"] unless @one["ca_file"] == false
    Mobivate::Client.new(**options, **@one.fetch("options", {}).transform_keys(&:to_sym))
  end

  def run_step(step, where)
    public_send(:"do_#{step["do"]}", step, step.fetch("expect", {}))
  rescue StandardError => e
    raise Failure, "#{where}: #{e.message} (#{e.class})".tr("\n", " ")
  end

  def check(found, expected, what)
    raise Failure, "#{what} is #{found.inspect}, not #{expected.inspect}" unless found == expected
  end

  def outcome
    Outcome.new(yield)
  rescue Mobivate::Error, IOError => e
    Outcome.new(nil, e)
  end

  def call(username = @username, password = @password, client: @client, cancellation: nil)
    Thread.new { outcome { client.create_key(username, password, cancellation: cancellation) } }
  end

  # A call that has arrived at the stand-in, and what ends it.
  def started_call(before)
    cancellation = Mobivate::Cancellation.new
    thread = call(cancellation: cancellation)
    Standin.account(@username, before["requests"] + 1)
    [thread, cancellation]
  end

  def found_in(outcome)
    error = outcome.error
    { "status" => error ? error.status : "MBV_OK",
      "key_state" => error ? error.key_state.to_s : "replaced",
      "http_status" => error&.http_status || 0, "server_code" => error&.server_code || 0,
      "server_message" => error&.server_message || "", "retry_after_ms" => error&.retry_after_ms || -1,
      "key_size" => outcome.key.to_s.bytesize }
  end

  def compare(outcome, expected)
    return check(outcome.error.class, Mobivate::ClosedError, "error") if expected["closed"]

    raise outcome.error if outcome.error.is_a?(IOError)

    found = found_in(outcome)
    expected.each do |name, value|
      case name
      when "message_contains", "message_lacks" then compare_text(outcome.error, name, Array(value))
      when "requests", "valid" then next
      else check(found.fetch(name), value, name)
      end
    end
    compare_words(outcome.error) if outcome.error
  end

  def compare_text(error, name, texts)
    shown = "#{error.message} #{error.server_message} #{error.inspect} #{error.full_message}"
    texts.each do |text|
      wanted = name == "message_contains"
      next if (wanted ? error.message : shown).include?(text) == wanted

      raise Failure, "#{name}: #{text.inspect}, in #{shown.inspect}"
    end
  end

  # The key state is in the text of every failure of a call; an option's has none to tell.
  def compare_words(error)
    return if error.message.start_with?("The option ", "There is no option ")

    words = error.is_a?(Mobivate::BusyError) ? ["another thread"] : IN_WORDS
    return if words.any? { |text| error.message.include?(text) }

    raise Failure, "no key state is in the text: #{error.message}"
  end

  def compare_account(username, before, outcome, expected)
    after = Standin.account(username, before["requests"] + expected.fetch("requests", 0))
    if expected["requests"]
      check(after["requests"] - before["requests"], expected["requests"], "the number of requests")
    end
    return unless expected["valid"]

    valid = { before["valid_key"] => "old", outcome.key => "new" }.fetch(after["valid_key"], "lost")
    check(valid, expected["valid"], "the valid key")
  end

  public

  def do_create_key(step, expected)
    before = Standin.account(@username)
    found = call(text(step.fetch("username", @username)), text(step.fetch("password", @password)),
                 cancellation: @cancellation).value
    compare(found, expected)
    compare_account(@username, before, found, expected)
  end

  def do_create_key_then_cancel(_step, expected)
    before = Standin.account(@username)
    thread, cancellation = started_call(before)
    cancellation.cancel
    compare(thread.value, expected)
    compare_account(@username, before, thread.value, expected)
  end

  def do_create_key_while_busy(_step, expected)
    before = Standin.account(@username)
    thread, cancellation = started_call(before)
    second = call.value
    compare(second, expected)
    compare_account(@username, before, second, expected)
    check(thread.alive?, true, "the first call's going on")
    cancellation.cancel
    compare(thread.value, { "status" => "MBV_ERR_CANCELLED" })
  end

  def do_create_key_on_two_clients(_step, expected)
    names = [@username, "second-#{@username}"]
    Standin.create_account(names[1], @password, @one.fetch("scenario", {}))
    clients = [@client, new_client]
    before = names.map { |name| Standin.account(name) }
    threads = names.zip(clients).map { |name, client| call(name, client: client) }
    threads.each_with_index do |thread, index|
      compare(thread.value, expected)
      compare_account(names[index], before[index], thread.value, expected)
    end
  ensure
    clients&.last&.close
  end

  def do_cancel(*)
    @cancellation = Mobivate::Cancellation.new
    @cancellation.cancel
  end

  def do_uncancel(*)
    @cancellation = nil
  end

  def do_set(step, expected)
    compare(outcome { @client.set(step["option"].to_sym => step["value"]) && nil }, expected)
  end

  def do_close(*)
    @client.close
  end
end

cases = JSON.parse(File.read(ENV.fetch("MOBIVATE_CASES"), encoding: "UTF-8"))["cases"]
failed = cases.count do |one|
  Case.new(one).run
  puts "ok #{one['name']}"
  false
rescue StandardError => e
  puts "not ok #{one['name']}: #{e.message}"
  true
end
puts "#{cases.size - failed} passed, #{failed} failed, 0 skipped"
exit(failed.zero? && !cases.empty?)
