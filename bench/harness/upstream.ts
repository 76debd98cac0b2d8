import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CallReport, ResetCommand } from '../upstream/main.ts';
import type { Delays } from '../upstream/routes.ts';
import { spawnOnCore } from './pinned-process.ts';

const UPSTREAM = fileURLToPath(new URL('../upstream/main.ts', import.meta.url));

/** Starts the stand-in for all three services in its own process. */
export async function startUpstream(core: number) {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child = spawnOnCore(core, process.execPath, [UPSTREAM], {}, [...stdio]);
  const [urls] = (await once(child, 'message')) as [Readonly<Record<string, string>>];

  return {
    pid: child.pid as number,
    /** Base URLs by service name. */
    urls,
    /** Sets the delays and restarts the counters. @returns the counts since the previous reset */
    async reset(delays: Delays): Promise<CallReport> {
      child.send({ delays } satisfies ResetCommand);
      const [report] = (await once(child, 'message')) as [CallReport];
      return report;
    },
  };
}

export type Upstream = Awaited<ReturnType<typeof startUpstream>>;
