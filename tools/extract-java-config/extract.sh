#!/bin/sh
# Reads the keys of the reference's configuration classes into libs/config (needs a JDK and Maven):
#   tools/extract-java-config/extract.sh
# Writes test/java-config-keys.json (what was found) and src/java-keys.generated.ts (what the loader needs).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
protocol="$here/../extract-java-protocol"
config="$here/../../libs/config"
[ -f "$protocol/target/class-path.txt" ] || mvn -q -f "$protocol/pom.xml" process-classes
mkdir -p "$config/test"
# One processor count everywhere: several defaults are made from it.
java -XX:ActiveProcessorCount=4 -cp "$(cat "$protocol/target/class-path.txt")" \
  "$here/ExtractConfig.java" "$config/test/java-config-keys.json" >/dev/null
node "$here/generate.mjs" "$config/test/java-config-keys.json" "$config/src/java-keys.generated.ts"
