# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

# Looks for a password and a key in the memory of a process that has used them. The password is made where it
# is used, byte by byte, so that it is in memory for no other reason.
class SecretsTest < Minitest::Test
  include Helper

  MAKE = <<~'RUBY'
    def make_password(seed, size)
      password = "\0".b * size
      size.times { |at| password.setbyte(at, 35 + (((seed * (at + 7) * 31) + (at * at * 13)) % 57)) }
      password
    end
  RUBY
  class_eval(MAKE, __FILE__, __LINE__)

  PROGRAM = <<~'RUBY'
    require "json"
    require "mobivate"
    options, username, seed, size, wipe = JSON.parse(ARGV[0], symbolize_names: true)
    client = Mobivate::Client.new(**options)
    password = make_password(seed, size)
    5.times do
      key = client.create_key(username, password)
      wipe ? Mobivate.wipe(key) : $kept = key
    end
    Mobivate.wipe(password) if wipe
    puts "done"
    $stdout.flush
    $stdin.gets
  RUBY

  # How often the ends of the password and of the key are there: of what is freed, the beginning is
  # overwritten.
  def scan(seed, size, key_size, wipe)
    password = make_password(seed, size)
    username = new_account({ key_size: key_size }, password: password)
    arguments = JSON.generate([Standin::OVER_HTTPS, username, seed, size, wipe])
    Open3.popen2(RbConfig.ruby, "-e", MAKE + PROGRAM, arguments) do |input, output, process|
      assert_equal "done\n", output.gets
      account = Standin.account(username)
      assert_equal 5, account["requests"]
      memory = memory_of(process.pid)
      assert_operator memory.sum(&:bytesize), :>, 5_000_000
      input.puts
      [password, account["valid_key"]].map { |secret| memory.sum { |part| part.scan(secret.b[-12..]).size } }
    end
  end

  def memory_of(process)
    File.open("/proc/#{process}/mem", "rb") do |file|
      File.readlines("/proc/#{process}/maps").filter_map do |line|
        first, last, name = line.match(/\A(\h+)-(\h+) rw\S* \S+ \S+ \S+ *(.*)/)&.captures
        next if first.nil? || name.start_with?("[v")

        file.seek(first.hex)
        file.read(last.hex - first.hex)
      rescue Errno::EIO
        nil # guard pages, for example
      end
    end
  end

  def test_what_its_owner_wipes_is_nowhere_after_a_call
    assert_equal [0, 0], scan(11, 48, 300, true)
    assert_equal [0, 0], scan(12, 16, 20, true) # so short that Ruby has it in the object itself
  end

  def test_what_nobody_wipes_is_found_and_the_password_once
    password, key = scan(13, 48, 300, false)
    assert_equal 1, password
    assert_operator key, :>=, 1
  end
end
