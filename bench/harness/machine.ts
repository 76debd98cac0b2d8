import { arch, cpus, release } from 'node:os';

/** CPU, cores, kernel and Node version; figures are meaningless without them. */
export function describeMachine(): string {
  const [first] = cpus();
  return `${first?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${arch()}, Linux ${release().split('-')[0]}, Node ${process.versions.node}`;
}

/** Today's date as YYYY-MM-DD (UTC). */
export const today = (): string => new Date().toISOString().slice(0, 10);
