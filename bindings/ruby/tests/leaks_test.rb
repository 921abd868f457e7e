# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

# Ten thousand calls leave no memory, no descriptor and no thread behind.
class LeaksTest < Minitest::Test
  include Helper

  MALLOC_TRIM = Fiddle::Function.new(Fiddle::Handle::DEFAULT["malloc_trim"], [Fiddle::TYPE_SIZE_T],
                                     Fiddle::TYPE_INT)

  # Calls on a client of their own: created, refused, cancelled, with a long key.
  def hundred_calls(usual, long, cancellation)
    client = Mobivate::Client.new(**Standin::OVER_HTTP)
    cancelled = Mobivate::Cancellation.new.tap(&:cancel)
    100.times do |turn|
      case turn % 10
      when 6
        assert_raises(Mobivate::CancelledError) do
          client.create_key(usual, PASSWORD, cancellation: cancelled)
        end
      when 7 then assert_equal 4096, client.create_key(long, PASSWORD).size
      when 8 then assert_raises(Mobivate::CredentialsError) { client.create_key(usual, "wrong") }
      else assert_equal 36, client.create_key(usual, PASSWORD, cancellation: cancellation).size
      end
    end
    client.close unless rand < 0.5 # or else when it is collected
  end

  def sizes
    3.times { GC.start }
    # What is free goes back to the system: the tests before this one have left a lot.
    MALLOC_TRIM.call(0)
    { descriptors: Dir.children("/proc/self/fd").size, threads: Thread.list.size,
      objects: ObjectSpace.count_objects.then { |counts| counts[:TOTAL] - counts[:FREE] },
      # Anonymous pages alone: those of files come and go with what else runs.
      resident: File.read("/proc/self/status")[/^RssAnon:\s+(\d+)/, 1].to_i * 1024 }
  end

  def test_ten_thousand_calls_leave_nothing
    usual = new_account
    long = new_account({ key: "k" * 4096 })
    cancellation = Mobivate::Cancellation.new
    30.times { hundred_calls(usual, long, cancellation) }
    before = sizes
    70.times { hundred_calls(usual, long, cancellation) }
    after = sizes
    puts "before #{before}, after #{after}"
    grown = after.merge(before) { |_, later, earlier| later - earlier }
    # Room for clients that are not collected yet, and for what Ruby keeps; not for one of each of 7000 calls.
    # Pages come in the allocators' steps: not for 600 bytes of each.
    assert_operator grown[:descriptors], :<=, 12, grown
    assert_equal 0, grown[:threads], grown
    assert_operator grown[:objects], :<, 3500, grown
    assert_operator grown[:resident], :<, 4 << 20, grown
  end
end
