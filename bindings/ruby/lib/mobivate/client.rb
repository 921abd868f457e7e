# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "call"
require_relative "cancellation"
require_relative "handle"

module Mobivate
  # Creates, gets and tests API keys, one call at a time, and keeps its connection for the next one. A call
  # blocks its thread (with a fiber scheduler: its fiber) and no other.
  class Client
    # With a block: yields a new client, closes it afterwards, and returns the block's value.
    def self.open(**options)
      client = new(**options)
      return client unless block_given?

      begin
        yield client
      ensure
        client.close
      end
    end

    # The options, all of which have a default:
    #
    # base_url::           where the service is; http:// is for loopback addresses only
    # timeout_ms::         milliseconds for a whole call (30000)
    # connect_timeout_ms:: milliseconds to resolve, connect and shake hands (10000)
    # ca_file::            a PEM file of the certificates to trust, in place of the system's
    # ca_dir::             a directory of such certificates, hashed as by <tt>openssl rehash</tt>
    # proxy::              the URL of a proxy, "" for none at all; by default the environment's
    # user_agent::         the User-Agent header
    #
    # Raises InvalidArgumentError for one that cannot be used.
    def initialize(**options)
      @handle = Handle.new
      set(**options)
    rescue Exception # rubocop:disable Lint/RescueException
      @handle&.close
      raise
    end

    # Sets options for the calls that follow. nil leaves one as it is.
    def set(**options)
      options.each do |name, value|
        texts = [name.to_s, value.to_s]
        if texts.any? { |text| text.each_byte.any?(&:zero?) }
          raise ArgumentError, "The option #{name.inspect} contains a NUL."
        end

        @handle.set(*texts) unless value.nil?
      end
      self
    end

    # Creates a new API key for an account, and so revokes the one it had. Sends at most one request.
    #
    # The user name and the password are strings of 1 to 65536 bytes in UTF-8. The key is a new String.
    # Mobivate.wipe wipes it, and a password, in place.
    #
    # Raises Error, which says whether the old key still works, and ClosedError. Whatever interrupts the
    # thread (Ctrl-C, Thread#raise, Thread#kill, Timeout) ends the call within 50 ms: #key_state then has the
    # state of the old key, and so has the cause of the exception, a CancelledError.
    def create_key(username, password, cancellation: nil)
      make("mbv_create_key", cancellation, "user name" => username, "password" => password)
    end

    # Asks for the API key that an account has now, and changes nothing: after a #create_key that left the key
    # state :unknown, say. All else is as with #create_key.
    def get_key(username, password, cancellation: nil)
      make("mbv_get_key", cancellation, "user name" => username, "password" => password)
    end

    # Whether the service accepts a key: true, or false where it refuses the key (401). Changes nothing. The
    # key is a String of 1 to 4096 bytes of printable ASCII without spaces.
    #
    # Raises Error where it cannot tell. All else is as with #create_key.
    def test_key(key, cancellation: nil)
      make("mbv_test_key", cancellation, "key" => key)
    rescue CredentialsError
      false
    end

    # What the last call did to the old key: :unchanged, :replaced or :unknown. After an interrupted call,
    # :replaced means that the new key is lost.
    def key_state
      @handle.key_state
    end

    # Closes the client, again if you like. A call in progress ends with CancelledError.
    def close
      @handle.close
      nil
    end

    def closed?
      @handle.closed?
    end

    def inspect
      "#<#{self.class} #{closed? ? 'closed' : 'open'}>"
    end

    private

    def make(function, cancellation, texts)
      texts.each { |name, text| raise TypeError, "The #{name} must be a String." unless text.is_a?(String) }
      unless cancellation.nil? || cancellation.is_a?(Cancellation)
        raise TypeError, "The cancellation must be a Mobivate::Cancellation."
      end

      Call.new(@handle, function, texts.values, cancellation).value
    end
  end
end
