#!/usr/bin/env bash
# Golden data from the official RocketMQ jars. Needs mvn and a JDK 17.
#
#   extract.sh                 write everything anew into libs/protocol/test/golden
#   extract.sh --check         write into a temporary folder and compare; exit 1 when different
#   extract.sh --decode <dir>  decode <dir>/*.bin, described by <dir>/index.json; exit 1 on mismatch
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
golden=$(cd "$here/../.." && pwd)/libs/protocol/test/golden

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

mode=${1:-write}
case "$mode" in
  write | --check) [ $# -le 1 ] || usage ;;
  --decode) [ $# -eq 2 ] && [ -f "$2/index.json" ] || usage ;;
  *) usage ;;
esac

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Maven prints nothing but colour codes when all is well; show its output only when it fails.
if ! mvn -q -B -Dstyle.color=never -f "$here/pom.xml" process-classes >"$scratch/mvn.log" 2>&1; then
  cat "$scratch/mvn.log" >&2
  exit 1
fi

# user.home: the Java classes keep files there if they find a reason to.
run() {
  local main=$1
  shift
  java -Xmx512m -Duser.home="$scratch" -Duser.timezone=UTC -Dfile.encoding=UTF-8 \
    -cp "$here/target/classes:$(cat "$here/target/class-path.txt")" "rocketmqts.extract.$main" "$@"
}

case "$mode" in
  --decode)
    run CheckFrames "$2"
    ;;
  --check)
    run Extract "$scratch/golden" "$scratch"
    run Compare "$golden" "$scratch/golden"
    run CheckFrames "$golden" --quiet
    ;;
  write)
    run Extract "$scratch/golden" "$scratch"
    mkdir -p "$golden"
    find "$golden" -mindepth 1 -maxdepth 1 ! -name README.md -exec rm -rf {} +
    cp -R "$scratch/golden/." "$golden/"
    ;;
esac
