import { readdir, readFile, readlink } from 'node:fs/promises';

/** What a process measures itself, after garbage collection. Memory is in bytes. */
export interface ProbeReport {
  readonly rss: number;
  readonly heapUsed: number;
  /** Memory of C++ objects that JavaScript objects own, array buffers included. */
  readonly external: number;
  readonly arrayBuffers: number;
  /** What keeps the process alive, by kind: `process.getActiveResourcesInfo()`. */
  readonly handles: Readonly<Record<string, number>>;
  /** Event-loop delay since the last report. */
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

/** A report, and what Linux knows of the process. */
export interface Figures extends ProbeReport {
  /** Open file descriptors; undefined where there is no /proc. */
  readonly descriptors: number | undefined;
  /** The TCP sockets that the process holds, by state. */
  readonly sockets: Readonly<Record<string, number>>;
}

/** The states of include/net/tcp_states.h, by their numbers. */
const TCP_STATES = [
  'UNKNOWN',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];
const SOCKET = /^socket:\[(\d+)\]$/;
/** The columns of /proc/<pid>/net/tcp (proc(5)). */
const COLUMN = { state: 3, inode: 9 };

/** Reads the descriptors and sockets of a process. */
export async function readDescriptors(
  pid: number,
): Promise<Pick<Figures, 'descriptors' | 'sockets'>> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => undefined);
  if (!names) return { descriptors: undefined, sockets: {} };
  const targets = await Promise.all(
    names.map((name) => readlink(`${folder}/${name}`).catch(() => '')),
  );
  const inodes = new Set(targets.flatMap((target) => SOCKET.exec(target)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '')),
  );
  const sockets: Record<string, number> = {};
  for (const line of tables.flatMap((table) => table.split('\n').slice(1))) {
    const columns = line.trim().split(/\s+/);
    if (!inodes.has(columns[COLUMN.inode] ?? '')) continue;
    const state = TCP_STATES[Number.parseInt(columns[COLUMN.state] ?? '', 16)] ?? 'UNKNOWN';
    sockets[state] = (sockets[state] ?? 0) + 1;
  }
  return { descriptors: names.length, sockets };
}
