# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "lib/mobivate/version"

Gem::Specification.new do |spec|
  spec.name = "mobivate"
  spec.version = Mobivate::VERSION
  spec.summary = "Create Mobivate API keys, and know whether the old key still works"
  spec.description = "Rotates the API key of a Mobivate bulk-SMS account. Every error says whether the old " \
                     "key still works, and the gem leaves no copy of a password or a key in memory. " \
                     "Needs libmobivate 1.1, a C library."
  spec.authors = ["The libmobivate authors"]
  spec.license = "MIT"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "sig/*.rbs", "examples/*.rb", "README.md"] }
  spec.extra_rdoc_files = ["README.md"]
  spec.rdoc_options = ["--main", "README.md"]
  spec.required_ruby_version = ">= 3.0"
  # It comes with Ruby; from 3.5 on as a gem that has to be named.
  spec.add_dependency "fiddle", "~> 1.0", ">= 1.0.6"
  spec.metadata["rubygems_mfa_required"] = "true"
end
