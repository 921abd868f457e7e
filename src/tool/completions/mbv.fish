# SPDX-License-Identifier: MIT
# fish completion for mbv. Install as share/fish/vendor_completions.d/mbv.fish.

complete -c mbv -f
complete -c mbv -n __fish_use_subcommand -a create-key -d 'Create a new API key, which revokes the old one'
complete -c mbv -l username -x -d 'User name of the account'
complete -c mbv -l password-file -r -F -d 'Read the password from a file'
complete -c mbv -l password-stdin -d 'Read the password from standard input'
complete -c mbv -l output -r -F -d 'Write the key to a file'
complete -c mbv -l json -d 'Print one JSON object'
complete -c mbv -l timeout -x -d 'Give up after this time, in seconds'
complete -c mbv -l base-url -x -d 'Where the service is'
complete -c mbv -l ca-file -r -F -d 'Trust the certificates in a file'
complete -c mbv -l ca-dir -x -a '(__fish_complete_directories)' -d 'Trust the certificates in a directory'
complete -c mbv -l proxy -x -d 'Go through a proxy'
complete -c mbv -l help -d 'Print a summary'
complete -c mbv -l version -d 'Print the versions'
