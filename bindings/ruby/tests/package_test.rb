# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "rubygems/package"
require_relative "helper"

# The README's further examples, as they are written, with the gem that ./test has installed by its line.
class PackageTest < Minitest::Test
  include Helper

  EXAMPLES = File.read("#{__dir__}/../README.md", encoding: "UTF-8").scan(/```ruby\n(.*?)```/m).flatten.freeze
  ACCOUNT = "first.last@example.com"
  OPTIONS = Standin::OVER_HTTPS.map { |name, value| "#{name}: #{value.inspect}" }.join(", ")
  HOME = "#{ENV.fetch('MOBIVATE_SCRATCH')}/home".freeze
  ENVIRONMENT = { "HOME" => HOME, "GEM_HOME" => "#{HOME}/gems", "PATH" => ENV.fetch("PATH"),
                  "MOBIVATE_LIBRARY" => ENV.fetch("MOBIVATE_LIBRARY") }.freeze

  def run_program(program, **options)
    Open3.capture3(ENVIRONMENT, RbConfig.ruby, "-e", program, unsetenv_others: true, chdir: HOME, **options)
  end

  def test_the_gem_is_what_was_installed_and_says_what_registries_ask_for
    out, = run_program("require 'mobivate'; puts Mobivate::VERSION, $LOADED_FEATURES.grep(/mobivate/)")
    version, *files = out.lines(chomp: true)
    assert_equal Mobivate::VERSION, version
    assert(files.all? { |file| file.start_with?("#{HOME}/gems/") }, out)
    spec = Gem::Package.new("#{HOME}/source/mobivate-#{version}.gem").spec
    assert_equal [["MIT"], "Create Mobivate API keys, and know whether the old key still works"],
                 [spec.licenses, spec.summary]
    assert_empty %w[README.md sig/mobivate.rbs examples/create_key.rb] - spec.files
    assert_empty(spec.files.grep(/tests|benchmarks/))
  end

  # The answer is lost after the service has created a key.
  def test_the_example_of_a_rotation
    Standin.create_account(ACCOUNT, "your-pass", { creates: true, cut: { after: 0, how: "reset" } })
    _, err, status = run_program(<<~RUBY)
      require "mobivate"
      username, password = #{[ACCOUNT, 'your-pass'].inspect}
      #{EXAMPLES[1].sub('Client.new', "Client.new(#{OPTIONS})")}
    RUBY
    assert_equal ["", 0], [err, status.exitstatus]
    account = Standin.account(ACCOUNT)
    assert_equal [account["valid_key"], 1], [File.read("#{HOME}/api-key"), account["requests"]]
    assert_equal 0o600, File.stat("#{HOME}/api-key").mode & 0o777
  end

  def test_the_example_of_the_secrets
    Standin.create_account(ACCOUNT, "your-pass")
    File.write("#{HOME}/password.txt", "your-pass")
    out, err, = run_program(<<~RUBY)
      require "mobivate"
      client = Mobivate::Client.new(#{OPTIONS})
      #{EXAMPLES[2]}
      puts key, password.count("\\0")
    RUBY
    assert_equal ["#{Standin.account(ACCOUNT)['valid_key']}\n9\n", ""], [out, err]
  end
end
