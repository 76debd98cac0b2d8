import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from '../upstream/main.ts';
import type { Delays } from '../upstream/routes.ts';
import { start } from './cores.ts';

const UPSTREAM = fileURLToPath(new URL('../upstream/main.ts', import.meta.url));

/** The stand-in for all services, in a process of its own. */
export async function startUpstream(core: number) {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child = start(core, process.execPath, [UPSTREAM], {}, [...stdio]);
  const [urls] = (await once(child, 'message')) as [Readonly<Record<string, string>>];

  return {
    pid: child.pid as number,
    urls,
    /** Sets the delays, and starts counting anew. @returns what was since the last time */
    async reset(delays: Delays): Promise<Report> {
      child.send({ delays } satisfies Order);
      const [report] = (await once(child, 'message')) as [Report];
      return report;
    },
  };
}

export type Upstream = Awaited<ReturnType<typeof startUpstream>>;
