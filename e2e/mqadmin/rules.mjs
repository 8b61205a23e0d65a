/*
 * What may differ between the outputs of two clusters.
 *
 * `always` and `noise` cover what differs between any two runs, be it of one broker: addresses, times, ids, order of a
 * hash table. `differences` cover what differs between Apache's broker and ours, each with its reason, which the
 * table shows. A rule rewrites a text; two outputs are alike when their rewritten texts are equal.
 */

/** @typedef {(text: string) => string} Rewrite */

const replace = (pattern, by) => (text) => text.replace(pattern, by);
const all =
  (...rewrites) =>
  (text) =>
    rewrites.reduce((rewritten, rewrite) => rewrite(rewritten), text);
const sortLines = (text) => text.split('\n').sort().join('\n');

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name])]));
}

/**
 * What a run itself was told to call by a name is called so again, longest value first, since a short one may be part of
 * a longer one.
 *
 * @param {Record<string, string>} names
 * @returns {Rewrite}
 */
export function concealNames(names) {
  const byLength = Object.entries(names).sort((a, b) => b[1].length - a[1].length);
  return (text) =>
    byLength.reduce((concealed, [name, value]) => concealed.replaceAll(value, `<${name}>`), text);
}

/** @type {Rewrite} */
export const always = all(
  // Frames of Java's stack traces; the exceptions and their messages stay.
  replace(/^\s*(at .*|\.\.\. \d+ (more|common frames omitted))\n/gm, ''),
  replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>'),
  replace(/\b[0-9A-F]{32,56}\b/g, '<id>'),
  replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(,\d{3})?/g, '<time>'),
  replace(/\b1[789]\d{11}\b/g, '<ms>'),
  replace(/spentTimeMills=\d+/g, 'spentTimeMills=<rt>'),
  // Where a message lies depends on what the broker wrote for itself before it.
  replace(
    /(CommitLog Offset: +|commitLogOffset=|physicOffset=|MasterCommitLogMaxOffset\t)\d+/g,
    '$1<position>',
  ),
  replace(/>@\d+(?= *$)/gm, '>@<position>'),
  replace(/[ \t]+$/gm, ''),
  (text) => text.trimEnd(),
);

/** @type {Record<string, Rewrite>} by the name that steps use */
export const noise = {
  'order of lines': sortLines,
  'order of queues': all(
    replace(
      /\{"brokerName":"broker-a","queueId":\d+,/g,
      '{"brokerName":"broker-a","queueId":<any>,',
    ),
    sortLines,
  ),
  'chosen queue': all(
    replace(/^(broker-a +)\d+ /gm, '$1<any> '),
    replace(/queueId=\d+\], queueOffset=\d+/g, 'queueId=<any>], queueOffset=<any>'),
  ),
  'measured times': all(
    replace(/^(broker-a +\S+ +true +)\d+$/gm, '$1<rt>'),
    replace(/Avg RT: [\d.]+/g, 'Avg RT: <rt>'),
    replace(/^rt=\d+ms/gm, 'rt=<rt>ms'),
    replace(/^(DefaultCluster +broker-a +)[\d.]+ +/gm, '$1<rt> '),
    replace(/\|\d+$/gm, '|<rt>'),
    replace(/^(Pub .*) \d+ms +/gm, '$1 <rt> '),
  ),
  // Sub-commands are clients for a moment too, and a broker forgets them some time after they left.
  'tools that are leaving': (text) =>
    text
      .split('\n')
      .filter((line) => !/^(PaymentsReader|TOOLS_CONSUMER) /.test(line))
      .filter((line) => !/CLIENT_INNER_PRODUCER\) instance : clientId=\S+@(\d+|<ms>)#?/.test(line))
      .join('\n'),
  'folder of now': replace(/<ms>\//g, '<folder>/'),
  // What a client says about itself: identity of its objects, its rates, and how far it got.
  'client counters': all(
    replace(/\$\$Lambda\$\d+\/0x[0-9a-f]+/g, '<lambda>'),
    replace(/@[0-9a-f]{5,8}$/gm, '@<object>'),
    replace(/^(consumeTimestamp +: )\d+$/gm, '$1<time>'),
    replace(/Timestamp=\d+/gi, 'Timestamp=<ms>'),
    replace(/^(\S+) +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +[\d.]+ +\d+$/gm, '$1 <rates>'),
    sortLines,
  ),
  threads: (text) => text.slice(0, text.search(/^(#Consumer jstack#|TID: )/m) >>> 0),
  // Names and form of the values count, not how much there is at the moment.
  'runtime values': all(
    replace(
      /^(\S+ +)?(runtime|commitLogDirCapacity|putMessageDistributeTime) +:.*$/gm,
      '$1$2: <value>',
    ),
    replace(/(?<![\w.])-?\d+(\.\d+)?([Ee]-?\d+)?/g, '<n>'),
    replace(/<n> ([KMG]i)?B$/gm, '<bytes>'),
    // Rates of several periods, as many as the broker has been running for.
    replace(/(<n> )+<n>/g, '<n>'),
    replace(/ +/g, ' '),
  ),
  // How often a table was changed since the start.
  versions: replace(/"counter": ?\d+/g, '"counter": <n>'),
  'measured values': replace(/: ?"?-?\d+(\.\d+)?(E-?\d+)?"?(?=,?$)/gm, ': <n>'),
  'order of members': (text) => {
    const from = text.search(/^\{/m);
    const to = text.lastIndexOf('}') + 1;
    if (from < 0 || to === 0) return text;
    const members = JSON.parse(text.slice(from, to).replace(/:<ms>/g, ':"<ms>"'));
    return text.slice(0, from) + JSON.stringify(sorted(members), undefined, 1) + text.slice(to);
  },
  // As many as fitted into the time.
  rounds: (text) => [...new Set(text.split('\n'))].join('\n'),
  'paths and ports': all(
    replace(/^(\w*[pP]ort += +)\d+$/gm, '$1<port>'),
    replace(/<(home|dir)>\S*/g, '<path>'),
  ),
  // What was sampled in the last minute, and how much it was, depends on the second.
  'topics that were active': (text) => text.split('\n')[0],
  'whether counted': all(
    replace(/[\d.]+$/gm, (number) => (Number(number) > 0 ? '<some>' : number)),
    replace(/ +[\d.]+ +[\d.]+ +(\S+) +NO_CONSUMER$/gm, (line, sum) =>
      Number(sum) > 0 ? ' <some> NO_CONSUMER' : line,
    ),
  ),
  // Rates, and counts that were sampled at some moment of the last minutes.
  rates: all(
    replace(/^(DefaultCluster +broker-a +)(\d.*)$/gm, (line, start, rest) =>
      `${start}${rest.replace(/\d+(\.\d+)?/g, '<n>')}`.replace(/ +/g, ' '),
    ),
    replace(/^(\S+ +\d+ +V5_5_0 +PUSH +CLUSTERING +)\d+/gm, '$1<rate>'),
    replace(/^(\S+ +0 +OFFLINE +)\d+( +-?\d+)$/gm, '$1<rate>$2'),
    replace(/Consume TPS: [\d.]+/g, 'Consume TPS: <rate>'),
    replace(/ +-?[\d.]+ +[\d.]+ +\d+ +(\d+|NO_CONSUMER)$/gm, (line, last) =>
      last === 'NO_CONSUMER' ? ' <rates> NO_CONSUMER' : ' <rates>',
    ),
  ),
};

/**
 * @typedef {(text: string, other: string) => string} RewriteBeside `other`: the output of the other cluster
 *
 * @type {Record<string, { why: string, rewrite: RewriteBeside }>} by the name that steps use
 */
export const differences = {
  'code of wrong arguments': {
    why: 'Wrong arguments are refused with INVALID_PARAMETER (29), not with SYSTEM_ERROR (1).',
    rewrite: replace(/CODE: (1|29) /g, 'CODE: <1 or 29> '),
  },
  'less in a refusal': {
    why: 'The refusal names the numbers of queues, not every setting of the topic.',
    rewrite: replace(/TopicConfig \[.*$/gm, 'TopicConfig <...>'),
  },
  'cause of a refusal': {
    why: 'The refusal names the setting and the cause.',
    rewrite: replace(/CODE: 16 .*$/gm, 'CODE: 16 <cause>'),
  },
  settings: {
    why: 'Settings that only one of the two has (see reference/configuration.md).',
    rewrite: (text, other) => {
      const keyOf = (line) => /^ *"?([\w.]+)"? *[=:]/.exec(line)?.[1];
      const others = new Set(other.split('\n').map(keyOf));
      return text
        .replace(/,$/gm, '')
        .split('\n')
        .filter((line) => keyOf(line) === undefined || others.has(keyOf(line)))
        .join('\n');
    },
  },
  defaults: {
    why: 'Some defaults: requests are slowed, not refused for their age; a stop takes seconds; SQL filters are on.',
    rewrite: replace(
      /^(brokerFastFailureEnable|enablePopBufferMerge|enablePropertyFilter|flushIntervalConsumeQueue|shutdownWaitTimeSeconds) .*$/gm,
      '$1 <default>',
    ),
  },
  'client settings': {
    why: 'The number of processors, which the tool reads from a setting of a Java client that a broker of ours does not have.',
    rewrite: replace(/"runtimeEnv": \{\s*("cpuNum": <n>\s*)?\}/g, '"runtimeEnv": {}'),
  },
  'runtime keys': {
    why: 'Some figures more: connections, held pulls, requests in flight.',
    rewrite: replace(
      /^.*(connectionCount|heldPullCount|inFlightRequestCount|processMark).*\n/gm,
      '',
    ),
  },
};
