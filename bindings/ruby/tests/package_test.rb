# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "fileutils"
require "rubygems/package"
require "tmpdir"
require_relative "helper"

# The README's install line and examples, as they are written, in an empty home and without a network.
class PackageTest < Minitest::Test
  include Helper

  FOLDER = File.dirname(__dir__)
  README = File.read("#{FOLDER}/README.md", encoding: "UTF-8")
  EXAMPLES = README.scan(/```ruby\n(.*?)```/m).flatten.freeze
  ACCOUNT = "first.last@example.com"
  OPTIONS = Standin::OVER_HTTPS.map { |name, value| "#{name}: #{value.inspect}" }.join(", ")
  HOME = Dir.mktmpdir("mobivate-")
  Minitest.after_run { FileUtils.rm_rf(HOME) }

  # What RubyGems would ask for is refused, so that the network is not there.
  ENVIRONMENT = { "HOME" => HOME, "GEM_HOME" => "#{HOME}/gems", "PATH" => ENV.fetch("PATH"),
                  "MOBIVATE_LIBRARY" => ENV.fetch("MOBIVATE_LIBRARY"), "http_proxy" => "http://127.0.0.1:9",
                  "https_proxy" => "http://127.0.0.1:9" }.freeze

  def self.installed
    @installed ||= begin
      FileUtils.cp_r(FOLDER, "#{HOME}/source")
      line = README[/```sh\n(.*?)```/m, 1]
      Open3.capture2e(ENVIRONMENT, line, chdir: "#{HOME}/source", unsetenv_others: true)
    end
  end

  def run_program(program, **options)
    Open3.capture3(ENVIRONMENT, RbConfig.ruby, "-e", program, unsetenv_others: true, chdir: HOME, **options)
  end

  # But for the one line that makes the client.
  def run_example(**options)
    assert_includes EXAMPLES[0], "Client.open {"
    out, err, status = run_program(EXAMPLES[0].sub("Client.open {", "Client.open(#{OPTIONS}) {"), **options)
    [out, err, status.exitstatus]
  end

  def setup
    output, status = PackageTest.installed
    assert_predicate status, :success?, output
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

  def test_the_example_prints_the_new_key
    Standin.create_account(ACCOUNT, "your-pass")
    found = run_example
    account = Standin.account(ACCOUNT)
    assert_equal [["#{account['valid_key']}\n", "", 0], 1], [found, account["requests"]]
  end

  def test_the_examples_exit_codes
    refused = { code: 429, message: "Later" }
    [[3, {}, "another password", "The old key still works."],
     [3, { status: 429, body: refused }, "your-pass", "slow down"],
     [3, { status: 403, body: refused }, "your-pass", "refused"],
     *[401, 403, 429, 500].map { |status| [5, { status: status }, "your-pass", "may be revoked"] },
     [5, { creates: true, cut: { after: 0, how: "reset" } }, "your-pass", "may be revoked"]]
      .each do |code, scenario, password, words|
      Standin.create_account(ACCOUNT, password, scenario)
      out, err, status = run_example
      assert_equal ["", code], [out, status], err
      assert_includes err, words
    end
  end

  def test_the_examples_exit_codes_where_nothing_was_sent
    refused = "https://#{Standin::FACTS['hosts']['refused']}"
    [["first.last@example.com", "", 2, "user name"],
     ["Client.open {", "Client.open(base_url: #{refused.inspect}, proxy: '') {", 4,
      "The old key still works."]].each do |text, other, code, words|
      out, err, status = run_program(EXAMPLES[0].sub(text, other))
      assert_equal ["", code], [out, status.exitstatus], err
      assert_includes err, words
    end
  end

  def test_a_key_that_cannot_be_printed_is_not_lost
    Standin.create_account(ACCOUNT, "your-pass")
    run = EXAMPLES[0].sub("Client.open {", "Client.open(#{OPTIONS}) {")
    _, err, status = run_program("$stdout.reopen('/dev/full', 'w')\n#{run}")
    assert_equal 6, status.exitstatus
    assert_includes err, Standin.account(ACCOUNT)["valid_key"]
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

  def test_the_example_file_is_the_readmes
    file = File.read("#{FOLDER}/examples/create_key.rb")
    assert_equal "# SPDX-License-Identifier: MIT\n#{EXAMPLES[0]}", file
  end
end
