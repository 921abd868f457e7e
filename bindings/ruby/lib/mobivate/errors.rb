# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module Mobivate
  # A call that failed. The message says what went wrong, after #create_key also whether the old key still
  # works, and never contains a password or a key.
  class Error < StandardError
    # The library's name for the status, such as "MBV_ERR_TIMEOUT".
    attr_reader :status
    # The status code of the answer, the "code" and the "message" of its body; nil where there was none.
    attr_reader :http_status, :server_code, :server_message
    # How many milliseconds the server asked to wait; nil where it did not say.
    attr_reader :retry_after_ms

    def initialize(message = nil, status: nil, key_state: nil, http_status: nil, server_code: nil,
                   server_message: nil, retry_after_ms: nil)
      super(message)
      @status = status
      @key_state = key_state
      @http_status = http_status
      @server_code = server_code
      @server_message = server_message
      @retry_after_ms = retry_after_ms
    end

    # What the call did to the key that the account had: :unchanged, :replaced or :unknown. An error that has
    # lost its state on the way (as JSON, say, or raised again by its class) is :unknown, unless its class
    # alone says that nothing has changed.
    def key_state
      @key_state || (UNCHANGED.include?(self.class) ? :unchanged : :unknown)
    end
  end

  # An argument or an option that cannot be used. Nothing was sent.
  class InvalidArgumentError < Error; end
  # An allocation failed.
  class OutOfMemoryError < Error; end
  # The client is in a call on another thread, which continues.
  class BusyError < Error; end
  # A Cancellation, or Client#close, ended the call.
  class CancelledError < Error; end
  # The call took longer than timeout_ms, or connecting longer than connect_timeout_ms.
  class TimeoutError < Error; end
  # The name of the host or of the proxy was not found.
  class ResolveError < Error; end
  # The connection was refused, or the host cannot be reached.
  class ConnectError < Error; end
  # The handshake failed, or the certificate is not trusted.
  class TLSError < Error; end
  # The connection broke.
  class TransportError < Error; end
  # The server refused the user name or the password, or does not accept the key (401).
  class CredentialsError < Error; end
  # The server asks to slow down (429): see Error#retry_after_ms.
  class RateLimitedError < Error; end
  # The server refused the request (any other 4xx).
  class RejectedError < Error; end
  # The server failed (5xx).
  class ServerError < Error; end
  # An answer that the API does not document.
  class ProtocolError < Error; end
  # The key is longer than the library says a key can be.
  class BufferTooSmallError < Error; end
  # A bug in libmobivate.
  class InternalError < Error; end

  # The client is closed.
  class ClosedError < IOError; end
  # libmobivate is missing, too old (before 1.1), or too new.
  class LibraryError < LoadError; end

  class Error
    # Nothing was sent. A refusal does not belong here: a proxy may have made it, after the service had made
    # a key.
    UNCHANGED = [InvalidArgumentError, ResolveError, ConnectError, TLSError].freeze
    # Which class is for which status.
    CLASSES = {
      -1 => InvalidArgumentError, -2 => OutOfMemoryError, -3 => BusyError, -4 => CancelledError,
      -5 => TimeoutError, -6 => ResolveError, -7 => ConnectError, -8 => TLSError, -9 => TransportError,
      -10 => CredentialsError, -11 => RateLimitedError, -12 => RejectedError, -13 => ServerError,
      -14 => ProtocolError, -15 => BufferTooSmallError, -99 => InternalError
    }.freeze
    private_constant :UNCHANGED, :CLASSES

    # The class for a status of the library; Error itself for an unknown one.
    def self.for(status)
      CLASSES.fetch(status, Error)
    end
  end
end
