# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "fiddle"
require_relative "errors"

module Mobivate
  # The functions of libmobivate, as singleton methods under their own names.
  module Library
    DEFAULT_NAME = RUBY_PLATFORM.match?(/mswin|mingw/) ? "mobivate.dll" : "libmobivate.so.1"
    VERSIONS = 10_100...20_000
    # Holds the longest possible key, so that mbv_take_key is never needed.
    KEY_CAPACITY = 4097
    # The functions that make a call, and whether one hands over a key.
    CALLS = { "mbv_create_key" => true, "mbv_get_key" => true, "mbv_test_key" => false }.freeze
    # The key states, by their numbers.
    KEY_STATES = %i[unchanged replaced unknown].freeze

    # What the header says of the functions that are used here: what they return, and their parameters.
    DECLARATIONS = {
      "mbv_new" => ["mbv_client *", []],
      "mbv_free" => ["void", ["mbv_client *"]],
      "mbv_set" => ["int32_t", ["mbv_client *", "const char *", "const char *"]],
      "mbv_create_key" => ["int32_t", ["mbv_client *", "const char *", "size_t", "const char *", "size_t",
                                       "char *", "size_t", "size_t *"]],
      "mbv_get_key" => ["int32_t", ["mbv_client *", "const char *", "size_t", "const char *", "size_t",
                                    "char *", "size_t", "size_t *"]],
      "mbv_test_key" => ["int32_t", ["mbv_client *", "const char *", "size_t"]],
      "mbv_error_message" => ["size_t", ["const mbv_client *", "char *", "size_t"]],
      "mbv_key_state" => ["int32_t", ["const mbv_client *"]],
      "mbv_http_status" => ["int32_t", ["const mbv_client *"]],
      "mbv_server_code" => ["int32_t", ["const mbv_client *"]],
      "mbv_server_message" => ["size_t", ["const mbv_client *", "char *", "size_t"]],
      "mbv_retry_after_ms" => ["int64_t", ["const mbv_client *"]],
      "mbv_cancel" => ["void", ["mbv_client *"]],
      "mbv_uncancel" => ["void", ["mbv_client *"]],
      "mbv_status_name" => ["const char *", ["int32_t"]],
      "mbv_version" => ["const char *", []],
      "mbv_version_number" => ["int32_t", []]
    }.freeze

    TYPES = {
      "void" => Fiddle::TYPE_VOID, "int32_t" => Fiddle::TYPE_INT, "int64_t" => Fiddle::TYPE_LONG_LONG,
      "size_t" => Fiddle::TYPE_SIZE_T
    }.freeze

    class << self
      def load(named = ENV.fetch("MOBIVATE_LIBRARY", ""))
        handle, where = open_library(named)
        # The version first: an old library lacks some of the others.
        define(handle, where, *DECLARATIONS.keys.grep(/version/))
        unless VERSIONS.cover?(mbv_version_number)
          fail_with("found libmobivate #{mbv_version}, #{where}; this gem needs >= 1.1.0, < 2")
        end

        define(handle, where, *DECLARATIONS.keys.grep_v(/version/))
      end

      private

      # What MOBIVATE_LIBRARY names and nothing else, or else the one in this gem, or else the system's.
      def open_library(named)
        beside = File.join(__dir__, DEFAULT_NAME)
        places = { beside => "#{beside} (in the gem)",
                   DEFAULT_NAME => "#{DEFAULT_NAME} (the dynamic loader's)" }
        places = { named => "#{named} (from MOBIVATE_LIBRARY)" } unless named.empty?
        tried = named.empty? ? ["MOBIVATE_LIBRARY, which is not set"] : []
        places.each do |name, where|
          return Fiddle::Handle.new(name, Fiddle::RTLD_NOW), where
        rescue Fiddle::DLError => e
          tried << "#{where}: #{e.message}"
        end
        fail_with("cannot load libmobivate; tried #{tried.join('; ')}")
      end

      def define(handle, where, *names)
        DECLARATIONS.slice(*names).each do |name, (returns, parameters)|
          # The others return at once: they keep Ruby's lock, and nothing interrupts them.
          function = Fiddle::Function.new(handle[name], parameters.map { |type| number(type) },
                                          number(returns), need_gvl: !CALLS.key?(name), name: name)
          if returns == "const char *"
            define_singleton_method(name) { |*arguments| text(function.call(*arguments)) }
          else
            define_singleton_method(name) { |*arguments| function.call(*arguments) }
          end
        end
      rescue Fiddle::DLError => e
        fail_with("#{where} is not libmobivate 1.x: #{e.message}")
      end

      def text(pointer)
        pointer.to_s.force_encoding(Encoding::UTF_8)
      end

      def number(type)
        TYPES.fetch(type, Fiddle::TYPE_VOIDP)
      end

      def fail_with(what)
        raise LibraryError, "#{what}. Install libmobivate 1.1, or set MOBIVATE_LIBRARY to its file."
      end
    end
  end
  Library.load
  private_constant :Library
end
