# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "helper"

class LibraryTest < Minitest::Test
  include Helper

  LIBRARY = ENV.fetch("MOBIVATE_LIBRARY")
  STUBS = ENV.fetch("MOBIVATE_STUBS")
  INSTALL = ". Install libmobivate 1.1, or set MOBIVATE_LIBRARY to its file."

  # What becomes of require "mobivate" in such an environment.
  def load_with(environment)
    output, = run_ruby(<<~'RUBY', environment: environment)
      begin
        require "mobivate"
        Mobivate::Client.new.close
        puts "loaded"
      rescue LoadError => e
        puts "#{e.class}: #{e.message}"
      end
    RUBY
    output.chomp
  end

  def test_the_environment_names_the_library
    assert_equal "loaded", load_with({ "MOBIVATE_LIBRARY" => LIBRARY })
    assert_match(/\A1\.\d+\.\d+\z/, Mobivate.library_version)
  end

  def test_without_it_the_dynamic_loader_finds_it
    [nil, ""].each do |named|
      found = load_with({ "MOBIVATE_LIBRARY" => named, "LD_LIBRARY_PATH" => File.dirname(LIBRARY) })
      assert_equal "loaded", found
    end
  end

  def test_a_missing_library
    found = load_with({ "MOBIVATE_LIBRARY" => "/nowhere/libmobivate.so.1" })
    assert found.start_with?("Mobivate::LibraryError: cannot load libmobivate; tried " \
                             "/nowhere/libmobivate.so.1 (from MOBIVATE_LIBRARY): "), found
    assert_includes found, "No such file"
    assert found.end_with?(INSTALL), found
    assert_equal 1, found.lines.size
  end

  NOWHERE = { "MOBIVATE_LIBRARY" => nil, "LD_LIBRARY_PATH" => nil }.freeze

  def test_a_library_that_is_nowhere
    found = load_with(NOWHERE)
    skip "it is installed for all" if found == "loaded"
    first, beside, loader, *others = found.delete_suffix(INSTALL).split("; tried ").last.split("; ")
    assert_equal "MOBIVATE_LIBRARY, which is not set", first
    assert_match(%r{\A/.*/mobivate/libmobivate\.so\.1 \(in the gem\): .*No such file}, beside)
    assert_match(/\Alibmobivate\.so\.1 \(the dynamic loader's\): .*No such file/, loader)
    assert_empty others
  end

  def test_the_gem_has_it
    Dir.mktmpdir do |folder|
      FileUtils.cp_r(File.join(__dir__, "../lib/."), folder)
      beside = "#{folder}/mobivate/libmobivate.so.1"
      load_path = { "RUBYLIB" => folder }
      everywhere = { **load_path, "MOBIVATE_LIBRARY" => nil, "LD_LIBRARY_PATH" => File.dirname(LIBRARY) }
      FileUtils.cp("#{STUBS}/2.0.0/libmobivate.so.1", beside)
      assert_includes load_with(everywhere), "found libmobivate 2.0.0, #{beside} (in the gem)"
      assert_equal "loaded", load_with({ **load_path, "MOBIVATE_LIBRARY" => LIBRARY })
      # One of another system is passed over.
      File.write(beside, "of another system")
      assert_equal "loaded", load_with(everywhere)
      FileUtils.cp(LIBRARY, beside)
      assert_equal "loaded", load_with({ **NOWHERE, **load_path })
    end
  end

  def test_a_library_that_is_something_else
    found = load_with({ "MOBIVATE_LIBRARY" => "libm.so.6" })
    assert found.start_with?("Mobivate::LibraryError: libm.so.6 (from MOBIVATE_LIBRARY) is not " \
                             "libmobivate 1.x: "), found
    assert_includes found, "mbv_version"
    assert found.end_with?(INSTALL), found
  end

  %w[0.9.0 1.0.0 2.0.0].each do |version|
    define_method(:"test_a_library_of_version_#{version.tr(".", "_")}") do
      folder = "#{STUBS}/#{version}"
      assert_equal "Mobivate::LibraryError: found libmobivate #{version}, libmobivate.so.1 " \
                   "(the dynamic loader's); this gem needs >= 1.1.0, < 2#{INSTALL}",
                   load_with({ "MOBIVATE_LIBRARY" => nil, "LD_LIBRARY_PATH" => folder })
    end
  end

  # The stubs have no memory for a client. This one is newer, and its version is not refused.
  def test_no_memory_for_a_client
    stub = "#{STUBS}/1.99.99/libmobivate.so.1"
    output, = run_ruby(<<~'RUBY', environment: { "MOBIVATE_LIBRARY" => stub })
      require "mobivate"
      begin
        Mobivate::Client.new
      rescue Mobivate::OutOfMemoryError => e
        puts "#{e.status} #{e.key_state} #{e.message}"
      end
    RUBY
    assert_equal "MBV_ERR_NO_MEMORY unchanged There was no memory for a client. The old key still works.\n",
                 output
  end
end
