#!/usr/bin/env bash
# What Apache's SQL92 filter says about our table of cases. Needs mvn, a JDK 17 and node.
#
#   extract.sh          write cases and verdicts anew into libs/filter/test/golden
#   extract.sh --check  write into a temporary folder and compare; exit 1 when different
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
golden=$(cd "$here/../.." && pwd)/libs/filter/test/golden
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if ! mvn -q -B -Dstyle.color=never -f "$here/pom.xml" process-classes >"$scratch/mvn.log" 2>&1; then
  cat "$scratch/mvn.log" >&2
  exit 1
fi

node "$here/write-cases.mjs" "$scratch/cases.json"
java -Xmx512m -Duser.home="$scratch" -Duser.timezone=UTC -Dfile.encoding=UTF-8 \
  -cp "$here/target/classes:$(cat "$here/target/class-path.txt")" \
  rocketmqts.filter.RecordVerdicts "$scratch/cases.json" "$scratch/java-verdicts.txt"

if [ "${1:-}" = --check ]; then
  diff -q "$scratch/cases.json" "$golden/cases.json"
  diff -q "$scratch/java-verdicts.txt" "$golden/java-verdicts.txt"
else
  mkdir -p "$golden"
  cp "$scratch/cases.json" "$scratch/java-verdicts.txt" "$golden/"
fi
