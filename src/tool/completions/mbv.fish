# SPDX-License-Identifier: MIT
# fish completion for mbv. Install as share/fish/vendor_completions.d/mbv.fish.

set -l for_account '__fish_use_subcommand; or __fish_seen_subcommand_from create-key get-key rotate-key'
set -l for_key '__fish_use_subcommand; or __fish_seen_subcommand_from test-key'

complete -c mbv -f
complete -c mbv -n __fish_use_subcommand -a create-key -d 'Create a new API key, which revokes the old one'
complete -c mbv -n __fish_use_subcommand -a get-key -d 'Print the key that the account has'
complete -c mbv -n __fish_use_subcommand -a test-key -d 'Tell whether the service accepts a key'
complete -c mbv -n __fish_use_subcommand -a rotate-key -d 'Create a new key, test it and put it into a file'
complete -c mbv -n $for_account -l username -x -d 'User name of the account'
complete -c mbv -n $for_account -l password-file -r -F -d 'Read the password from a file'
complete -c mbv -n $for_account -l password-stdin -d 'Read the password from standard input'
complete -c mbv -n $for_account -l output -r -F -d 'Write the key to a file'
complete -c mbv -n $for_key -l key-file -r -F -d 'Read the key from a file'
complete -c mbv -n $for_key -l key-stdin -d 'Read the key from standard input'
complete -c mbv -l json -d 'Print one JSON object'
complete -c mbv -l timeout -x -d 'Give up a request after this time, in seconds'
complete -c mbv -l base-url -x -d 'Where the service is'
complete -c mbv -l ca-file -r -F -d 'Trust the certificates in a file'
complete -c mbv -l ca-dir -x -a '(__fish_complete_directories)' -d 'Trust the certificates in a directory'
complete -c mbv -l proxy -x -d 'Go through a proxy'
complete -c mbv -l help -d 'Print a summary'
complete -c mbv -l version -d 'Print the versions'
