# SPDX-License-Identifier: MIT
# frozen_string_literal: true

# The agent of the conformance cases: tests/bindings/README.md says what it is told.

require "mobivate"

CLIENTS = {} # rubocop:disable Style/MutableConstant
CALLS = {} # rubocop:disable Style/MutableConstant
KEPT = [] # rubocop:disable Style/MutableConstant
CANCELLATIONS = Hash.new { |all, number| all[number] = Mobivate::Cancellation.new }

def text(field)
  field == "-" ? +"" : [field].pack("H*").force_encoding(Encoding::UTF_8)
end

def field(text)
  text.to_s.empty? ? "-" : text.unpack1("H*")
end

# Of a call with CLIENT, or of something else.
def outcome(client = nil)
  value = yield
  key_state = client ? client.key_state : "unchanged"
  return "MBV_ERR_CREDENTIALS #{key_state} 401 0 - -1 - -" if value == false

  "MBV_OK #{key_state} 0 0 - -1 - #{field(value.is_a?(String) ? value : '')}"
rescue Mobivate::Error => e
  [e.status, e.key_state, e.http_status || 0, e.server_code || 0, field(e.server_message),
   e.retry_after_ms || -1, field(e.message), "-"].join(" ")
rescue Mobivate::ClosedError
  "closed"
rescue StandardError => e
  "error #{field(e.full_message(highlight: false))}"
end

def repeat(client, count, kind, secrets_in, username, path)
  secret = File.open(path) { |file| file.sysread(file.size) }
  arguments = kind == "test" ? [secret] : [username, secret]
  answers = Array.new(count) { client.public_send("#{kind}_key", *arguments) || raise("The key is refused.") }
  secrets = [secret, *answers.grep(String)]
  secrets_in == "text" ? KEPT.concat(secrets) : secrets.each { |each| Mobivate.wipe(each) }
end

def answer(command, number, fields)
  client = CLIENTS[number]
  case command
  when "runtime" then field("Ruby #{RUBY_VERSION}")
  when "new"
    options = fields.map { |each| text(each) }.each_slice(2).to_h
    CANCELLATIONS.delete(number)
    outcome { CLIENTS[number] = Mobivate::Client.new(**options.transform_keys(&:to_sym)) }
  when "set" then outcome { client.set(text(fields[0]).to_sym => text(fields[1])) }
  when "create"
    cancellation = CANCELLATIONS[number] unless CALLS[number]
    outcome(client) { client.create_key(text(fields[0]), text(fields[1]), cancellation: cancellation) }
  when "get", "test"
    texts = fields.map { |each| text(each) }
    outcome(client) { client.public_send("#{command}_key", *texts, cancellation: CANCELLATIONS[number]) }
  when "start"
    cancellation = CANCELLATIONS[number]
    CALLS[number] = Thread.new do
      outcome(client) { client.create_key(text(fields[0]), text(fields[1]), cancellation: cancellation) }
    end
    "ok"
  when "wait" then CALLS.delete(number).value
  else
    order(command, number, client, fields)
    "ok"
  end
end

def order(command, number, client, fields)
  case command
  when "cancel" then CANCELLATIONS[number].cancel
  when "uncancel" then CANCELLATIONS.delete(number)
  when "close" then client.close
  when "repeat" then repeat(client, Integer(fields[0]), *fields[1, 2], text(fields[3]), text(fields[4]))
  else raise "There is no command #{command.inspect}."
  end
end

$stdout.sync = true
while (line = $stdin.gets)
  command, number, *fields = line.split
  break puts("ok") if command == "quit"

  begin
    puts answer(command, number, fields)
  rescue StandardError => e
    puts "error #{field(e.full_message(highlight: false))}"
  end
end
