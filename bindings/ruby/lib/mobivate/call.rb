# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "handle"

module Mobivate
  # One call, on a thread of its own. The thread that asked for it waits in a way that Ruby can interrupt,
  # which a call of C is not: Ctrl-C, Thread#raise, Thread#kill and Timeout end the waiting, which ends the
  # call.
  class Call
    # The function of the library that makes it, and what it is told.
    attr_reader :function, :texts
    # Guarded by the handle's lock.
    attr_accessor :cancelled, :abandoned
    # What the call did to the old key.
    attr_accessor :key_state

    # What to do where an exception of the program's own ended a call that creates a key.
    NEXT_STEPS = {
      unchanged: "The old key still works.",
      replaced: "The old key is revoked, and the new one is lost: ask for it with get_key.",
      unknown: "The old key may be revoked: ask for the account's key with get_key."
    }.freeze
    private_constant :NEXT_STEPS

    def initialize(handle, function, texts, cancellation)
      @handle = handle
      @function = function
      @texts = texts
      @cancellation = cancellation
      @events = Thread::Queue.new
      @cancelled = @abandoned = false
      @key_state = :unchanged
    end

    # The key, or true where the call hands over none. Whatever ends the wait, the call has ended, too, when
    # this returns. An exception that ended it gets a CancelledError as its cause, which has the key state.
    def value
      @cancellation&.attach(@events)
      @handle.cancel(self) if @cancellation&.cancelled?
      # The thread inherits the mask, and so ends its call also where the process ends. Ctrl-C alone cannot
      # be masked, and so may come anywhere here.
      Thread.handle_interrupt(Object => :never) { Thread.new { make } }
      outcome = wait
      raise outcome if outcome.is_a?(Exception)

      outcome
    rescue Exception => e # rubocop:disable Lint/RescueException
      raise if e.equal?(outcome) || e.frozen? || e.cause

      abandon
      raise e, cause: interruption
    ensure
      @cancellation&.detach(@events)
      abandon unless outcome
    end

    private

    def make
      @events << @handle.make(self)
    rescue Exception => e # rubocop:disable Lint/RescueException
      @events << e
    end

    def wait
      loop do
        event = @events.pop
        return event unless event.equal?(:cancel)

        @handle.cancel(self)
      end
    end

    def abandon
      Thread.handle_interrupt(Object => :never) do
        next unless @handle.cancel(self, abandon: true)

        lost = wait
        Mobivate.wipe(lost) if lost.is_a?(String)
      end
    end

    def interruption
      message = ["The call was interrupted."]
      message << NEXT_STEPS[@key_state] if @function == "mbv_create_key"
      CancelledError.new(message.join(" "), status: "MBV_ERR_CANCELLED", key_state: @key_state)
    end
  end
  private_constant :Call
end
