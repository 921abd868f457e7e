# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "tmpdir"
require_relative "helper"

class LibraryTest < Minitest::Test
  include Helper

  LIBRARY = ENV.fetch("MOBIVATE_LIBRARY")
  INSTALL = "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY."

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

  # Has a library made of these lines of C.
  def with_library(lines)
    Dir.mktmpdir("mobivate-") do |folder|
      file = "#{folder}/libmobivate.so.1"
      output, status = Open3.capture2e("cc", "-shared", "-fPIC", "-xc", "-", "-o", file,
                                       stdin_data: lines.join("\n"))
      assert_predicate status, :success?, output
      yield file
    rescue Errno::ENOENT
      skip "There is no C compiler."
    end
  end

  def stub(version, number)
    library = Mobivate.module_eval("Library", __FILE__, __LINE__)
    names = library::DECLARATIONS.keys - %w[mbv_version mbv_version_number mbv_new]
    ["const char *mbv_version(void) { return \"#{version}\"; }",
     "int mbv_version_number(void) { return #{number}; }",
     "void *mbv_new(void) { static int client; return &client; }",
     *names.map { |name| "void #{name}(void) {}" }]
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
    assert found.start_with?("Mobivate::LibraryError: /nowhere/libmobivate.so.1, which MOBIVATE_LIBRARY " \
                             "names, could not be loaded ("), found
    assert_includes found, "No such file"
    assert found.end_with?(INSTALL), found
    assert_equal 1, found.lines.size
  end

  def test_a_library_that_is_something_else
    with_library(["int something_else;"]) do |file|
      found = load_with({ "MOBIVATE_LIBRARY" => file })
      assert found.start_with?("Mobivate::LibraryError: #{file}, which MOBIVATE_LIBRARY names, " \
                               "is not libmobivate 1.x ("), found
      assert found.end_with?(INSTALL), found
      assert_equal 1, found.lines.size
    end
  end

  [["0.9.9", 909], ["2.0.0", 20_000]].each do |version, number|
    define_method(:"test_a_library_of_version_#{version.tr(".", "_")}") do
      with_library(stub(version, number)) do |file|
        assert_equal "Mobivate::LibraryError: libmobivate.so.1, on the dynamic loader's search path, has " \
                     "version #{version}, and 1.0.0 or newer, and below 2, is needed#{INSTALL}",
                     load_with({ "MOBIVATE_LIBRARY" => nil, "LD_LIBRARY_PATH" => File.dirname(file) })
      end
    end
  end

  def test_no_memory_for_a_client
    lines = stub("1.0.0", 10_000).map { |line| line.sub("return &client", "return 0") }
    with_library(lines) do |file|
      output, = run_ruby(<<~'RUBY', environment: { "MOBIVATE_LIBRARY" => file })
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

  def test_only_the_process_that_made_a_client_frees_it
    lines = stub("1.0.0", 10_000).reject { |line| line.include?("mbv_free") }
    lines.push("#include <unistd.h>", "void mbv_free(void) { write(1, \"freed\\n\", 6); }")
    with_library(lines) do |file|
      output, = run_ruby(<<~'RUBY', environment: { "MOBIVATE_LIBRARY" => file })
        require "mobivate"
        client = Mobivate::Client.new
        Process.wait(fork { exit })
        $stdout.syswrite("child has ended\n") if client
      RUBY
      assert_equal "child has ended\nfreed\n", output
    end
  end

  def test_a_library_of_version_1_99_99_will_do
    with_library(stub("1.99.99", 19_999)) do |file|
      assert_equal "loaded", load_with({ "MOBIVATE_LIBRARY" => file })
    end
  end
end
