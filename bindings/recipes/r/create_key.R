# SPDX-License-Identifier: MIT
# Creates an API key: Rscript create_key.R USERNAME PASSWORD_FILE

dyn.load("mobivate.so")

unchanged <- 0
unknown <- 2
invalid_argument <- -1
refusals <- c(-10, -11, -12)  # CREDENTIALS, RATE_LIMITED, REJECTED

fail <- function(code, ...) {
    message(...)
    quit(status = code)
}

exit_code <- function(failure) {
    if (failure$status == invalid_argument) {
        2
    } else if (failure$key_state != unchanged) {
        5
    } else if (failure$status %in% refusals) {
        3
    } else {
        4
    }
}

configure <- function(client, option, variable) {
    value <- Sys.getenv(variable, NA)
    if (!is.na(value)) {
        result <- .Call("mobivate_set", client, option, value)
        if (result$status != 0) {
            fail(2, result$text)
        }
    }
}

# A raw vector can be wiped, where C does it; a string stays in a table of R's own.
read_password <- function(path) {
    if (file.access(path, 4) != 0) {
        fail(2, path, " cannot be read")
    }
    contents <- readBin(path, "raw", file.size(path))
    ends_with <- function(text) identical(tail(contents, nchar(text)), charToRaw(text))
    line_end <- Find(ends_with, c("\r\n", "\n", ""))
    password <- contents[seq_len(length(contents) - nchar(line_end))]
    .Call("mobivate_wipe", contents)
    password
}

# R has one thread: it waits until the call has ended, and an interrupt is only seen then.
create_key <- function(client, username, password) {
    result <- .Call("mobivate_create_key", client, username, password)
    if (result$status == 0) {
        return(result$text)
    }
    message(result$text)
    if (result$key_state != unknown) {
        quit(status = exit_code(result))
    }
    # Changes nothing, and says which key the account has.
    asked <- .Call("mobivate_get_key", client, username, password)
    if (asked$status != 0) {
        fail(exit_code(result), asked$text)
    }
    asked$text
}

# Not by cat(): R does not say when writing to its standard output fails.
print_key <- function(key) {
    output <- pipe("cat", "w")
    writeLines(key, output)
    if (close(output) != 0) {
        fail(6, "The key could not be printed: ", key)
    }
}

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) != 2) {
    fail(2, "usage: Rscript create_key.R USERNAME PASSWORD_FILE")
}
password <- read_password(arguments[2])
client <- .Call("mobivate_new")
configure(client, "base_url", "MOBIVATE_BASE_URL")
configure(client, "ca_file", "MOBIVATE_CA_FILE")
key <- create_key(client, arguments[1], password)
invisible(.Call("mobivate_wipe", password))
invisible(.Call("mobivate_close", client))
print_key(key)
