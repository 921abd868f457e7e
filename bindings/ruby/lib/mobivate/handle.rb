# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "errors"
require_relative "library"
require_relative "memory"

module Mobivate
  # The library's client. Its lock guards who is in a call, and that nothing touches what is freed.
  class Handle
    # The library's own words. Asking it could give those of the other call.
    BUSY = "The client is in a call on another thread. What becomes of the old key is that call's to tell."
    NO_MEMORY = "There was no memory for a client. The old key still works."
    private_constant :BUSY, :NO_MEMORY

    # Frees a client that nobody closed; not in a child process, whose parent may have been in a call.
    def self.finalizer(address, process)
      proc { Library.mbv_free(address) if Process.pid == process }
    end

    attr_reader :key_state

    def initialize
      @lock = Thread::Mutex.new
      @key_state = :unchanged
      @closed = false
      @call = nil
      @address = Library.mbv_new.to_i
      if @address.zero?
        raise OutOfMemoryError.new(NO_MEMORY, status: "MBV_ERR_NO_MEMORY", key_state: :unchanged)
      end

      ObjectSpace.define_finalizer(self, Handle.finalizer(@address, Process.pid))
    end

    def set(name, value)
      texts = [Memory.of(name), Memory.of(value)]
      @lock.synchronize do
        error = refusal
        raise error if error

        status = Library.mbv_set(@address, *texts.map(&:pointer))
        raise error_of(status, key_state: :unchanged) unless status.zero?
      end
    ensure
      texts&.each(&:wipe)
    end

    # Makes the call on a thread that nothing interrupts. Returns its value or an exception.
    def make(call)
      error = claim(call)
      return error if error

      begin
        texts = []
        call.texts.each { |text| texts << Memory.of(text) }
        Library::CALLS.fetch(call.function) ? key_of(call, texts) : outcome_of(call, texts)
      ensure
        texts&.each(&:wipe)
        release(call)
      end
    end

    # Ends a call, or stops one that has not begun. True: it is going on, and its outcome is to come.
    # An abandoned call does not even begin.
    def cancel(call, abandon: false)
      @lock.synchronize do
        call.cancelled = true
        call.abandoned ||= abandon
        next false unless @call.equal?(call)

        Library.mbv_cancel(@address)
        true
      end
    end

    def close
      @lock.synchronize do
        next if @closed

        @closed = true
        @call ? Library.mbv_cancel(@address) : free # The call frees it when it ends.
      end
    end

    def closed?
      @closed
    end

    private

    def claim(call)
      @lock.synchronize do
        error = refusal
        return error if error
        return CancelledError.new("Nobody waits for this call.") if call.abandoned

        # What ended an earlier call must not end this one.
        Library.mbv_uncancel(@address)
        Library.mbv_cancel(@address) if call.cancelled
        @key_state = call.key_state = :unknown
        @call = call
        nil
      end
    end

    def release(call)
      @lock.synchronize do
        @key_state = call.key_state = Library::KEY_STATES[Library.mbv_key_state(@address)]
        @call = nil
        free if @closed
      end
    end

    def refusal
      return ClosedError.new("The client is closed.") if @closed

      BusyError.new(BUSY, status: "MBV_ERR_BUSY", key_state: :unknown) if @call
    end

    # True, or what the library says of the failure.
    def outcome_of(call, texts, *others)
      arguments = texts.flat_map { |text| [text.pointer, text.size] }
      status = Library.public_send(call.function, @address, *arguments, *others)
      status.zero? || error_of(status, **details)
    end

    def key_of(call, texts)
      key = Memory.new(Library::KEY_CAPACITY)
      key_size = Memory.new(Fiddle::SIZEOF_SIZE_T)
      outcome = outcome_of(call, texts, key.pointer, key.size, key_size.pointer)
      return outcome unless outcome == true

      key.text(key_size.bytes(Fiddle::SIZEOF_SIZE_T).unpack1("J"))
    ensure
      [key, key_size].compact.each(&:wipe)
    end

    def error_of(status, **details)
      Error.for(status).new(text_of(:mbv_error_message),
                            status: Library.mbv_status_name(status), **details)
    end

    # What the library says about the last call; nil where there is nothing to say.
    def details
      retry_after_ms = Library.mbv_retry_after_ms(@address)
      server_message = text_of(:mbv_server_message)
      {
        key_state: Library::KEY_STATES[Library.mbv_key_state(@address)],
        http_status: Library.mbv_http_status(@address).nonzero?,
        server_code: Library.mbv_server_code(@address).nonzero?,
        server_message: server_message.empty? ? nil : server_message,
        retry_after_ms: retry_after_ms.negative? ? nil : retry_after_ms
      }
    end

    def text_of(getter)
      memory = Memory.new(Library.public_send(getter, @address, nil, 0))
      Library.public_send(getter, @address, memory.pointer, memory.size + 1)
      memory.text(memory.size)
    ensure
      memory&.wipe
    end

    def free
      ObjectSpace.undefine_finalizer(self)
      Library.mbv_free(@address)
    end
  end
  private_constant :Handle
end
