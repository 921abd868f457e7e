# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "handle"

module Mobivate
  # One call, on a thread of its own. The thread that asked for it waits in a way that Ruby can interrupt,
  # which a call of C is not: Ctrl-C, Thread#raise, Thread#kill and Timeout end the waiting, which ends the
  # call.
  class Call
    # Guarded by the handle's lock.
    attr_accessor :cancelled, :abandoned
    # What the call did to the old key.
    attr_accessor :key_state

    # What to do where an exception of the program's own ended the call.
    NEXT_STEPS = {
      unchanged: "The old key still works.",
      replaced: "The old key is revoked, and the new one is lost: create a key again.",
      unknown: "The old key may be revoked: create a key again to have a valid one."
    }.freeze
    private_constant :NEXT_STEPS

    def initialize(handle, username, password, cancellation)
      @handle = handle
      @username = username
      @password = password
      @cancellation = cancellation
      @events = Thread::Queue.new
      @cancelled = @abandoned = false
      @key_state = :unchanged
    end

    # The key. Whatever ends the wait, the call has ended, too, when this returns. An exception that ended it
    # gets a CancelledError as its cause, which carries the key state.
    def key
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
      @events << @handle.create_key(self, @username, @password)
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
      CancelledError.new("The call was interrupted. #{NEXT_STEPS[@key_state]}",
                         status: "MBV_ERR_CANCELLED", key_state: @key_state)
    end
  end
  private_constant :Call
end
