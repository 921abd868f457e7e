# SPDX-License-Identifier: MIT
# bash completion for mbv. Install as share/bash-completion/completions/mbv.

_mbv() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local account='--username --password-file --password-stdin --output' key='--key-file --key-stdin'
    local always='--json --timeout --base-url --ca-file --ca-dir --proxy --help --version'
    COMPREPLY=()
    # The equals sign is a word of its own for bash: --option=value comes as three.
    if [[ $current == '=' ]]; then
        current=''
    elif [[ $previous == '=' ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
        --password-file | --key-file | --output | --ca-file)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
        --ca-dir)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
            ;;
        --username | --timeout | --base-url | --proxy) return ;;
    esac
    if [[ $current == -* ]]; then
        local options
        case ${COMP_WORDS[1]} in
            create-key | get-key | rotate-key) options="$account $always" ;;
            test-key) options="$key $always" ;;
            *) options="$account $key $always" ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'create-key get-key test-key rotate-key' -- "$current")
    fi
}

complete -F _mbv mbv
