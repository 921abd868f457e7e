# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "lib/mobivate/version"

Gem::Specification.new do |spec|
  spec.name = "mobivate"
  spec.version = Mobivate::VERSION
  spec.summary = "Creates an API key for a Mobivate account, and tells what became of the old one."
  spec.description = "A binding of libmobivate 1.x, which creates API keys of the Mobivate bulk-SMS service."
  spec.authors = ["The libmobivate authors"]
  spec.license = "MIT"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "sig/*.rbs", "examples/*.rb", "README.md"] }
  spec.required_ruby_version = ">= 3.0"
  # It comes with Ruby; from 3.5 on as a gem that has to be named.
  spec.add_dependency "fiddle", "~> 1.0", ">= 1.0.6"
  spec.metadata["rubygems_mfa_required"] = "true"
end
