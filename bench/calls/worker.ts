import { getHeapStatistics } from 'node:v8';
import { userIds } from '../upstream/data.ts';
import { CLIENTS } from './clients.ts';

// Sends calls with one client: `node worker.ts <client> <origin>`. Replies to each number of seconds with
// a CallReport, over IPC.

/** The cost of the calls of one measurement. */
export interface CallReport {
  readonly calls: number;
  readonly seconds: number;
  readonly cpuMicrosPerCall: number;
  readonly allocatedBytesPerCall: number;
}

const CALLS_IN_FLIGHT = 8;

const [name = '', origin = ''] = process.argv.slice(2);
const call = CLIENTS[name]?.(origin);
if (!call) throw new Error(`unknown client ${name}`);

const allocatedBytes = () =>
  (getHeapStatistics() as unknown as { readonly total_allocated_bytes: number })
    .total_allocated_bytes;

let turn = 0;

async function measure(seconds: number, call: (path: string) => Promise<object>) {
  const [start, cpu, allocated] = [performance.now(), process.cpuUsage(), allocatedBytes()];
  const end = start + seconds * 1_000;
  let calls = 0;
  const worker = async () => {
    while (performance.now() < end) {
      const id = userIds[turn++ % userIds.length];
      const user = (await call(`/users/${id}`)) as { readonly id?: string };
      if (user.id !== id) throw new Error(`wrong answer for user ${id}`);
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: CALLS_IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(cpu);
  const report: CallReport = {
    calls,
    seconds: (performance.now() - start) / 1_000,
    cpuMicrosPerCall: (user + system) / calls,
    allocatedBytesPerCall: (allocatedBytes() - allocated) / calls,
  };
  process.send?.(report);
}

process.on('message', (seconds: number) => void measure(seconds, call));
process.on('disconnect', () => process.exit());
