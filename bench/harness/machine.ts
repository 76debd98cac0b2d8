import { arch, cpus, release } from 'node:os';

/** Where figures were taken, without which they say nothing. */
export function describeMachine(): string {
  const [first] = cpus();
  return `${first?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${arch()}, Linux ${release().split('-')[0]}, Node ${process.versions.node}`;
}

/** When they were taken. */
export const today = (): string => new Date().toISOString().slice(0, 10);
