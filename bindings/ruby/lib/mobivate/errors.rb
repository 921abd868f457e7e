# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module Mobivate
  # A call that failed. The message says what went wrong and what became of the old key, and never contains
  # a password or a key.
  class Error < StandardError
    # The library's name of the status, such as "MBV_ERR_TIMEOUT".
    attr_reader :status
    # What became of the key that the account had before: :unchanged, :replaced or :unknown.
    attr_reader :key_state
    # The status code of the answer, the "code" and the "message" of its body; nil where there was none.
    attr_reader :http_status, :server_code, :server_message
    # How many milliseconds the server asked to wait; nil where it did not say.
    attr_reader :retry_after_ms

    def initialize(message = nil, status: nil, key_state: :unknown, http_status: nil, server_code: nil,
                   server_message: nil, retry_after_ms: nil)
      super(message)
      @status = status
      @key_state = key_state
      @http_status = http_status
      @server_code = server_code
      @server_message = server_message
      @retry_after_ms = retry_after_ms
    end
  end

  # An argument or an option that cannot be used. Nothing was sent.
  class InvalidArgumentError < Error; end
  # An allocation failed.
  class OutOfMemoryError < Error; end
  # The client is in a call on another thread, which goes on.
  class BusyError < Error; end
  # A Cancellation, or Client#close, ended the call.
  class CancelledError < Error; end
  # timeout_ms or connect_timeout_ms passed.
  class TimeoutError < Error; end
  # The name of the host or of the proxy was not found.
  class ResolveError < Error; end
  # The connection was refused, or the host cannot be reached.
  class ConnectError < Error; end
  # The handshake failed, or the certificate is not trusted.
  class TLSError < Error; end
  # The connection broke.
  class TransportError < Error; end
  # The server refused the user name or the password (401).
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
  # libmobivate is missing, or not of version 1.
  class LibraryError < LoadError; end

  # Which class is for which status.
  class Error
    CLASSES = {
      -1 => InvalidArgumentError, -2 => OutOfMemoryError, -3 => BusyError, -4 => CancelledError,
      -5 => TimeoutError, -6 => ResolveError, -7 => ConnectError, -8 => TLSError, -9 => TransportError,
      -10 => CredentialsError, -11 => RateLimitedError, -12 => RejectedError, -13 => ServerError,
      -14 => ProtocolError, -15 => BufferTooSmallError, -99 => InternalError
    }.freeze
    private_constant :CLASSES

    # The class of the errors with a status of the library; a status that is not known yet: Error itself.
    def self.for(status)
      CLASSES.fetch(status, Error)
    end
  end
end
