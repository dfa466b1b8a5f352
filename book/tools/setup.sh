#!/bin/sh
# Makes .venv and installs the exact environment of the book. Skipped when nothing changed.
# Usage: sh book/tools/setup.sh        (PYTHON=/path/to/python3.12 chooses the interpreter)
set -u
cd "$(dirname "$0")/../.." || exit 1
need_gb=4
log=_build/setup.log
stamp=.venv/.attnrec-setup
want="$(cat requirements.txt pyproject.toml book/tools/setup.sh | cksum) ${PYTHON:-}"

stop() {
    printf 'set-up: %s\n' "$1" >&2
    exit 1
}

[ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && .venv/bin/python -c '' 2>/dev/null && exit 0

# A Python is believed when it runs, not when it is found: a shim may answer for nothing.
found=
python=
for candidate in ${PYTHON:+"$PYTHON"} python3.13 python3.12 python3.11 python3 python; do
    version=$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    case $version in
        3.11 | 3.12 | 3.13) python=$candidate && break ;;
        *) found="${found:+$found, }$candidate is $version" ;;
    esac
done
[ -n "$python" ] || stop "no suitable Python: needs 3.11, 3.12 or 3.13, found ${found:-none}. \
Install one, or name it: make book PYTHON=/path/to/python3.12"

"$python" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "$python ($version) has no venv module; on Debian or Ubuntu: apt-get install python$version-venv"

free_kb=$(df -Pk . | awk 'NR == 2 { print $4 }')
if [ "${free_kb:-0}" -lt $((need_gb * 1024 * 1024)) ]; then
    stop "too little disk: $((free_kb / 1024)) MB free in $(pwd), needs $((need_gb * 1024)) MB. Free some space and run again."
fi

# The stamp is written last, so an interrupted set-up is made again from the start.
clear=
[ -f "$stamp" ] && [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ] || clear=--clear
rm -f "$stamp"
mkdir -p _build
printf 'set-up: Python %s, installing requirements.txt into .venv (3.9 GB, some minutes; log in %s)\n' "$version" "$log"
explain() {
    if grep -q 'No space left' "$log"; then
        stop "the disk filled up while installing; see $log"
    elif grep -qiE 'connection|resolve|timed out|temporary failure|unreachable|max retries|no matching distribution|proxy' "$log"; then
        stop "packages could not be downloaded: is the network up? Run again when it is; see $log"
    fi
    stop "installing failed; see the end of $log"
}
"$python" -m venv $clear .venv >"$log" 2>&1 || explain
.venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
    -r requirements.txt >>"$log" 2>&1 || explain
.venv/bin/python -m pip install --disable-pip-version-check --no-input --no-deps --no-build-isolation \
    -e . >>"$log" 2>&1 || explain
printf '%s\n' "$want" >"$stamp"
printf 'set-up: done\n'
