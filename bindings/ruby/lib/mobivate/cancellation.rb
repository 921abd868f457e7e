# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module Mobivate
  # Ends the calls that it was given to, and those that it is given to later, with CancelledError. One for
  # each call, or for several that end together.
  class Cancellation
    def initialize
      @cancelled = false
      @listeners = []
    end

    # Ends the calls within 50 ms. From any thread, and in a signal's handler, where no lock can be taken.
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
