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

    def initialize(handle, username, password, cancellation)
      @handle = handle
      @username = username
      @password = password
      @cancellation = cancellation
      @events = Thread::Queue.new
      @cancelled = @abandoned = false
    end

    # The key. Whatever ends the waiting, the call has ended, too, when this returns.
    def key
      @cancellation&.attach(@events)
      @handle.cancel(self) if @cancellation&.cancelled?
      # The thread inherits the mask, and so ends its call also where the process ends. Ctrl-C alone cannot
      # be masked, and so may come anywhere here.
      Thread.handle_interrupt(Object => :never) { Thread.new { make } }
      outcome = wait
      raise outcome if outcome.is_a?(Exception)

      outcome
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
      Thread.handle_interrupt(Object => :never) { wait if @handle.cancel(self, abandon: true) }
    end
  end
  private_constant :Call
end
