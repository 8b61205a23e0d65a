import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { E2E_DIR, mavenClassPath } from './tools.mjs';

const REPOSITORY_DIR = fileURLToPath(new URL('..', import.meta.url));

/** Usually it takes seconds. Two JVMs on a machine full of other work need far longer than ours. */
export const READY_WITHIN_MS = { ours: 90_000, apache: 180_000 };

/** Ours may take 10 s, Apache's broker takes 17 s; what needs more is killed and reported. */
export const STOP_WITHIN_MS = { ours: 12_000, apache: 60_000 };

/** Which release of Apache's a cluster runs when nothing else is said. */
export const APACHE_VERSION = '5.5.0';

/**
 * How the services of one origin are started.
 *
 * @param {'ours' | 'apache'} kind
 * @param {{ apacheVersion?: string }} [options]
 * @returns {Record<'nameserver' | 'broker' | 'slave',
 *   (configuration: string, dir: string) => [program: string, arguments: string[]]>} `dir`: where a service may write
 * @throws when ours is not built, or Maven cannot bring Apache's
 */
export function programs(kind, options = {}) {
  return kind === 'ours' ? ourPrograms() : apachePrograms(options.apacheVersion ?? APACHE_VERSION);
}

/** Writes a file of `key=value` lines. @returns {string} its path */
export function writeProperties(file, values) {
  const lines = Object.entries(values).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(file, lines.join(''));
  return file;
}

/** What Apache's classes need in a class path, and `mqadmin` too. */
export function apacheClassPath(version = APACHE_VERSION) {
  const projectDir = join(E2E_DIR, 'apache');
  if (version === APACHE_VERSION) return mavenClassPath(projectDir);
  const targetDir = join(projectDir, 'target', version);
  return mavenClassPath(projectDir, {
    targetDir,
    properties: [
      `-Drocketmq.version=${version}`,
      `-Dclasspath.file=${join(targetDir, 'classpath.txt')}`,
    ],
  });
}

function ourPrograms() {
  const bin = (name) => {
    const file = join(REPOSITORY_DIR, 'apps', name);
    if (!existsSync(file)) throw new Error(`not built: ${file}`);
    return (configuration) => [process.execPath, [file, '-c', configuration]];
  };
  return {
    nameserver: bin('nameserver/bin/mqnamesrv.js'),
    broker: bin('broker/bin/mqbroker.js'),
    get slave() {
      return bin('broker-slave/bin/mqbroker-slave.js');
    },
  };
}

function apachePrograms(version) {
  const classPath = apacheClassPath(version);
  const jvm = (heap, mainClass) => (configuration, dir) => {
    const homeDir = join(dir, 'home');
    mkdirSync(join(homeDir, 'conf'), { recursive: true });
    return [
      'java',
      [
        ...[`-Xms${heap}`, `-Xmx${heap}`, '-XX:MaxDirectMemorySize=256m'],
        // Its logs go below the user's home, which therefore is one of ours.
        ...[`-Duser.home=${dir}`, `-Drocketmq.home.dir=${homeDir}`],
        ...['-cp', classPath, mainClass, '-c', configuration],
      ],
    ];
  };
  const broker = jvm('512m', 'org.apache.rocketmq.broker.BrokerStartup');
  return {
    nameserver: jvm('256m', 'org.apache.rocketmq.namesrv.NamesrvStartup'),
    broker,
    slave: broker,
  };
}
