#!/usr/bin/env bash
# Counts the instructions that a routine costs over a bare `tokio::spawn`, started and joined. Needs valgrind.
# With a number, fails beyond it.
set -euo pipefail
cd "$(dirname "$0")/../.."

command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 2; }
bench=$(cargo bench -q -p routine --bench spawn --no-run --message-format=json |
    grep -o '"executable":"[^"]*spawn-[^"]*"' | tail -1 | cut -d'"' -f4)

count() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$bench" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}

# What 6 batches of 10,000 take, without what a process does once.
each() {
    echo $((($(count "$1" 8) - $(count "$1" 2)) / 60000))
}

bare=$(each bare)
routines=$(each routines)
echo "instructions: bare $bare, routine $routines, over bare $((routines - bare))"
if [ $# -gt 0 ] && [ $((routines - bare)) -gt "$1" ]; then
    echo "more than $1 over bare" >&2
    exit 1
fi
