# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "mobivate/version"
require_relative "mobivate/errors"
require_relative "mobivate/library"
require_relative "mobivate/client"

# Creates an API key for a Mobivate account, and tells what became of the old one.
module Mobivate
  # Overwrites a password or a key in place. Not what other strings have of it: a copy, or a literal's.
  def self.wipe(text)
    text.bytesize.times { |index| text.setbyte(index, 0) }
    text
  end

  # The version of the library that is loaded, such as "1.0.0".
  def self.library_version
    Library.mbv_version
  end
end
