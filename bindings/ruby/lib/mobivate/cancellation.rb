# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module Mobivate
  # Ends the calls that it is passed to, now or later, with CancelledError. Use one for each call, or one for
  # several calls that end together.
  class Cancellation
    def initialize
      @cancelled = false
      @listeners = []
    end

    # Ends the calls within 50 ms. Works on any thread, and in a signal handler, where Ruby allows no lock.
    def cancel
      @cancelled = true
      @listeners.dup.each { |events| events << :cancel }
      nil
    end

    def cancelled?
      @cancelled
    end

    # Hands :cancel to a call, until it is detached.
    def attach(events) # :nodoc:
      @listeners << events
    end

    def detach(events) # :nodoc:
      @listeners.delete_if { |other| other.equal?(events) }
    end

    def inspect
      "#<#{self.class} #{@cancelled ? 'cancelled' : 'not cancelled'}>"
    end
  end
end
