import { NAMESERVER_FLAG, type FlagDeclaration } from '@rocketmq-ts/config';

/** Apache's `mqnamesrv` takes `-n` like its `mqbroker`, and does nothing with it. */
export const IGNORED_NAMESERVER_FLAG: FlagDeclaration = {
  short: NAMESERVER_FLAG.short,
  long: NAMESERVER_FLAG.long,
  valueName: 'host:port;…',
  doc: 'Taken and ignored, as Apache does: nameservers do not know each other.',
};
