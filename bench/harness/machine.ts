import { arch, cpus, release } from 'node:os';

/** Where and when figures were taken, without which they say nothing. */
export function describeMachine(): string {
  const [first] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  return `${first?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${arch()}, Linux ${release().split('-')[0]}, Node ${process.versions.node}, ${date}`;
}
