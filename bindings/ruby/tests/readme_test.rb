# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require "tmpdir"
require_relative "helper"

class ReadmeTest < Minitest::Test
  include Helper

  FOLDER = File.dirname(__dir__)
  README = File.read("#{FOLDER}/README.md", encoding: "UTF-8")
  EXAMPLES = README.scan(/```ruby\n(.*?)```/m).flatten.freeze
  ACCOUNT = "first.last@example.com"

  # Runs the example as it is written, but for the options that reach the stand-in.
  def run_example
    assert_includes EXAMPLES[0], "Client.open do"
    run_ruby(EXAMPLES[0].sub("Client.open do", "Client.open(#{options}) do"))
  end

  def options
    Standin::OVER_HTTPS.map { |name, value| "#{name}: #{value.inspect}" }.join(", ")
  end

  def test_the_example_prints_the_new_key
    Standin.create_account(ACCOUNT, "your-pass")
    output, status = run_example
    account = Standin.account(ACCOUNT)
    assert_equal ["#{account['valid_key']}\n", 0, 1], [output, status, account["requests"]]
  end

  def test_the_example_says_what_became_of_the_old_key
    Standin.create_account(ACCOUNT, "another password")
    assert_equal ["The server refused the user name or password (HTTP 401): Invalid Credentials. " \
                  "The old key still works.\n", 0], run_example
    Standin.create_account(ACCOUNT, "your-pass", { status: 500, creates: true })
    assert_match(/The old key may be revoked.*\nRun this again\.\n\z/, run_example[0])
  end

  def test_the_example_of_the_secrets
    Standin.create_account(ACCOUNT, "your-pass")
    Dir.mktmpdir("mobivate-") do |folder|
      File.write("#{folder}/password.txt", "your-pass")
      output, status = run_ruby(<<~RUBY, folder)
        require "mobivate"
        Dir.chdir(ARGV[0])
        client = Mobivate::Client.new(#{options})
        #{EXAMPLES[1]}
        puts key, password.count("\\0")
      RUBY
      assert_equal ["#{Standin.account(ACCOUNT)['valid_key']}\n9\n", 0], [output, status]
    end
  end

  def test_the_example_file_is_the_readmes
    file = File.read("#{FOLDER}/examples/create_key.rb")
    assert_equal "# SPDX-License-Identifier: MIT\n#{EXAMPLES[0]}", file
  end
end
