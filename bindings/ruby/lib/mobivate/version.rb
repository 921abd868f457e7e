# SPDX-License-Identifier: MIT
# frozen_string_literal: true

module Mobivate
  # The version of this gem, which needs libmobivate >= 1.1.0, < 2.
  VERSION = "1.1.0"
end
