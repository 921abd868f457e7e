# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

class DeclarationsTest < Minitest::Test
  HEADER = JSON.parse(File.read(ENV.fetch("MOBIVATE_HEADER")))
  LIBRARY = Mobivate.module_eval("Library", __FILE__, __LINE__)
  SIGNATURES = File.read(File.expand_path("../sig/mobivate.rbs", __dir__))

  def test_the_functions_are_the_headers
    LIBRARY::DECLARATIONS.each do |name, (returns, parameters)|
      assert_equal HEADER["functions"][name], { "returns" => returns, "parameters" => parameters }, name
    end
    # A large buffer makes the one needless, and a client's own message the other.
    assert_equal %w[mbv_take_key mbv_status_message], HEADER["functions"].keys - LIBRARY::DECLARATIONS.keys
  end

  def test_the_types_have_their_sizes
    sizes = { Fiddle::TYPE_INT => 4, Fiddle::TYPE_LONG => Fiddle::SIZEOF_LONG, Fiddle::TYPE_LONG_LONG => 8 }
    assert_equal Fiddle::SIZEOF_INT, sizes[Fiddle::TYPE_INT]
    found = LIBRARY::TYPES.except("void").transform_values { |type| [sizes.fetch(type.abs), type.positive?] }
    # A negative number is an unsigned type.
    assert_equal({ "int32_t" => [4, true], "int64_t" => [8, true],
                   "size_t" => [Fiddle::SIZEOF_SIZE_T, false] }, found)
    others = LIBRARY::DECLARATIONS.values.flatten.uniq - LIBRARY::TYPES.keys
    assert(others.all? { |type| type.end_with?("*") }, others)
  end

  def test_the_values_are_the_headers
    numbers = LIBRARY::KEY_STATES.each_with_index.to_h { |name, number| ["MBV_KEY_#{name.upcase}", number] }
    assert_equal HEADER["key_states"], numbers
    assert_operator LIBRARY::KEY_CAPACITY, :>=, HEADER["constants"]["MBV_KEY_CAPACITY"]
  end

  # MBV_ERR_NO_MEMORY has another name: NoMemoryError is one of Ruby's own.
  def test_every_status_has_its_class
    HEADER["status"].each do |name, value|
      next if name == "MBV_OK"

      words = name.delete_prefix("MBV_ERR_").split("_").map(&:capitalize).join
      expected = { "NoMemory" => "OutOfMemory", "Tls" => "TLS" }.fetch(words, words)
      assert_equal "Mobivate::#{expected}Error", Mobivate::Error.for(value).name
    end
    assert_equal Mobivate::Error, Mobivate::Error.for(-50)
  end

  def test_every_option_has_its_name
    values = { base_url: "https://example.com", timeout_ms: 1, connect_timeout_ms: 1, ca_file: __FILE__,
               ca_dir: __dir__, proxy: "", user_agent: "test/1" }
    Mobivate::Client.open(**values) { |client| refute_predicate client, :closed? }
    names = SIGNATURES[/def set: \((.*?)\) -> self/m, 1].scan(/\?(\w+):/).flatten
    assert_equal values.keys.map(&:name), names
  end

  # Without rbs itself: the names.
  def test_the_signatures_name_what_is_public
    Mobivate.constants.each do |name|
      value = Mobivate.const_get(name)
      assert_match(/^  (class #{name}\b|#{name}: )/, SIGNATURES)
      next unless value.is_a?(Class)

      body = SIGNATURES[/^  class #{name}\b.*?^  end$/m]
      value.public_instance_methods(false).each do |method|
        assert_match(/(def|attr_reader) #{Regexp.escape(method.name)}:/, body)
      end
      value.singleton_methods(false).each { |method| assert_match(/def self\.#{method}:/, body) }
      next unless value < Exception

      assert_match(/ < #{value.superclass.name.delete_prefix("Mobivate::")}$/, body.lines.first)
    end
    Mobivate.singleton_methods(false).each { |method| assert_match(/^  def self\.#{method}:/, SIGNATURES) }
  end
end
