# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "fiddle"

module Mobivate
  # C memory that the library reads and writes, and that is wiped. The caller's own strings will not do:
  # another thread could change one during the call.
  class Memory
    # Not a text: the library refuses it, and says so.
    NOT_UTF8 = "\xFF"
    private_constant :NOT_UTF8

    # A text in UTF-8, with a NUL behind.
    def self.of(text)
      copy = copy(text)
      memory = new(copy.bytesize)
      memory.write(copy)
      memory
    ensure
      fill(Fiddle::Pointer[copy], copy.bytesize) if copy
    end

    # In one step, so that no other thread gets in between.
    def self.copy(text)
      case text.encoding
      when Encoding::UTF_8, Encoding::US_ASCII, Encoding::BINARY then [text].pack("a*")
      else text.encode(Encoding::UTF_8)
      end
    rescue EncodingError
      NOT_UTF8.dup # Ruby's own error would show the character.
    end
    private_class_method :copy

    # Fills the first bytes with NULs.
    def self.fill(pointer, size)
      pointer[0, size] = "\0" * size unless size.zero?
    end

    attr_reader :size, :pointer

    def initialize(size)
      @size = size
      @pointer = Fiddle::Pointer.malloc(size + 1, Fiddle::RUBY_FREE)
      clear
    end

    def write(text)
      @pointer[0, @size] = text unless @size.zero?
    end

    # The first bytes, as they are or as text.
    def bytes(size)
      @pointer[0, size]
    end

    def text(size)
      bytes(size).force_encoding(Encoding::UTF_8)
    end

    def wipe
      return if @pointer.freed?

      clear
      @pointer.call_free
    end

    private

    def clear
      Memory.fill(@pointer, @size + 1)
    end
  end
  private_constant :Memory
end
