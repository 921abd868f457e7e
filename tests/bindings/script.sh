# SPDX-License-Identifier: MIT
# What `build` and `test` of every binding share; both source it first. tests/bindings/README.md describes it.
set -u
cd "$(dirname "$0")" || exit 1

# need TOOL PACKAGE: skips the language where TOOL is not on the path, and names Debian's package of it.
need() {
    command -v "$1" >/dev/null || skip "$1 not found (Debian: $2)"
}

skip() {
    echo "SKIPPED: $1"
    exit 77
}

# without TOOL PACKAGE NAME: whether TOOL is missing. A check of the sources that the language itself does not need is then left out,
# and the log says so.
without() {
    command -v "$1" >/dev/null && return 1
    echo "== $3: left out, $1 not found (Debian: $2)"
}

# agent COMMAND... and native COMMAND...: how to start the binding's agent, and the language's own client.
agent() { printf '%s\n' "$@" >"$MOBIVATE_SCRATCH/agent"; }
native() { printf '%s\n' "$@" >"$MOBIVATE_SCRATCH/native"; }

failed_parts=0
# part NAME COMMAND...: runs a part of the tests. All run, and `finish` ends with 1 where one failed.
part() {
    echo "== $1"
    shift
    "$@" || {
        failed_parts=$((failed_parts + 1))
        echo "FAILED: $*"
    }
}

# build_step COMMAND...: as in `build`; nothing can be tested where it fails.
build_step() {
    "$@" || {
        echo "FAILED: $*"
        exit 1
    }
}

# driver MODULE ARGUMENT...: a program of tests/bindings.
driver() {
    module=$1
    shift
    (cd "$MOBIVATE_ROOT" && "$MOBIVATE_PYTHON" -m "tests.bindings.$module" "$@")
}

# The cases of tests/bindings/cases.json, with the agent.
conformance() {
    part "conformance" run_conformance
}
run_conformance() {
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$MOBIVATE_SCRATCH/agent"
    driver conformance "$MOBIVATE_LANGUAGE" --result "$MOBIVATE_RESULT" -- "$@"
}

# example FENCE FILE FIND REPLACE ARGUMENT...: the README's example, as tests/bindings/example.py describes it.
example() {
    part "the README's example" driver example "$MOBIVATE_LANGUAGE" "$@"
}

# readme_block FENCE [HEADING]: prints the README's first block of that kind, such as the commands that install the package.
readme_block() { driver readme "$MOBIVATE_LANGUAGE" "$@"; }

# rotation COMMAND...: a program around what the README says of rotating a key, as tests/bindings/rotation.py describes it.
rotation() { part "the README's rotation" driver rotation "$@"; }

# published_readme SUBSTITUTION: the README as a registry shows it: its line that installs from the sources is sed's SUBSTITUTION of it.
published_readme() {
    sed "$1" README.md >"$MOBIVATE_SCRATCH/published.md" && ! grep PROJECT "$MOBIVATE_SCRATCH/published.md" >&2 &&
        cat "$MOBIVATE_SCRATCH/published.md"
}

# dated FOLDER: prints what is in it, in the order of names, after giving all of it the same date and permissions wherever it is packed.
dated() {
    chmod -R u=rwX,go=rX "$1" && find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} + &&
        (cd "$1" && find . ! -type d | sed 's|^\./||' | LC_ALL=C sort)
}
# zip_of FILE FOLDER, and tar_of FILE NAME, where NAME is a folder in this one and all names in FILE begin with it: the same bytes each time.
zip_of() {
    dated "$2" >"$MOBIVATE_SCRATCH/files" && (cd "$2" && TZ=UTC zip -q -X "$1" -@ <"$MOBIVATE_SCRATCH/files")
}
tar_of() {
    dated "$2" >"$MOBIVATE_SCRATCH/files" &&
        tar --create --format=ustar --owner=root:0 --group=root:0 --transform="s|^|$2/|S" --directory="$2" --files-from="$MOBIVATE_SCRATCH/files" |
        gzip -n -9 >"$1"
}

# empty_home: prints a new, empty folder, for HOME where the README's commands run.
empty_home() {
    rm -rf "${MOBIVATE_SCRATCH:?}/home"
    mkdir -p "$MOBIVATE_SCRATCH/home"
    echo "$MOBIVATE_SCRATCH/home"
}

finish() {
    [ "$failed_parts" -eq 0 ] || echo "$failed_parts parts failed"
    [ "$failed_parts" -eq 0 ]
    exit
}
