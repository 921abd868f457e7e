# SPDX-License-Identifier: MIT
# frozen_string_literal: true

require_relative "mobivate/version"
require_relative "mobivate/errors"
require_relative "mobivate/library"
require_relative "mobivate/client"

# Creates, gets and tests Mobivate API keys, and knows whether the old key still works.
module Mobivate
  # Overwrites a password or a key in place. Copies in other strings, or of a literal, stay as they are.
  def self.wipe(text)
    text.bytesize.times { |index| text.setbyte(index, 0) }
    text
  end

  # The version of the library that is loaded, such as "1.1.0".
  def self.library_version
    Library.mbv_version
  end
end
