import assert from 'node:assert/strict';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BffProcessOptions, startBffProcess } from './bff-process.ts';
import { authorization, type Json, type TestViewer } from './environment.ts';
import { library } from './fixture/bff.ts';
import { until } from './until.ts';

export interface ClusterResponse {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Json;
  readonly id: string;
}

const TIMEOUT_MS = 20_000;
/** Of a connection under load between two requests. */
const PAUSE_MS = 30;

let lastId = 0;

/** Starts the library with two workers and a cache. Each request is logged, with its worker. */
export async function startCluster(env: NodeJS.ProcessEnv = {}, options: BffProcessOptions = {}) {
  const bff = await startBffProcess(library, {
    ...options,
    env: { WORKERS: '2', LOG_LEVEL: 'info', CACHE_MEMORY_MB: '8', ...env },
  });

  /** Sends an operation over a new connection, or over one of the agent. */
  async function send(query: string, as?: TestViewer, agent?: Agent): Promise<ClusterResponse> {
    const body = JSON.stringify({ query });
    return exchange('/graphql', await authorization(as), { agent, body });
  }

  function exchange(
    path: string,
    headers: Record<string, string> = {},
    { agent, body }: { readonly agent?: Agent | undefined; readonly body?: string } = {},
  ): Promise<ClusterResponse> {
    const id = `request-${lastId++}`;
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, bff.url), {
        method: body === undefined ? 'GET' : 'POST',
        agent: agent ?? false,
        headers: { 'content-type': 'application/json', 'x-request-id': id, ...headers },
      });
      outgoing.on('error', reject).on('response', (response) => {
        const { statusCode: status, headers } = response;
        json(response).then((body) => resolve({ status, headers, body, id }), reject);
      });
      outgoing.end(body);
    });
  }

  /** Finds the process id of the worker that has answered a request. */
  async function workerOf({ id }: ClusterResponse): Promise<number> {
    const find = () =>
      bff.logEntries().find(({ reqId, msg }) => reqId === id && msg === 'request completed');
    await until(() => find() !== undefined);
    return find()?.pid;
  }

  /** Opens a connection that stays with one worker, another one than the given. */
  async function connectToOther(pid?: number) {
    const end = performance.now() + TIMEOUT_MS;
    while (performance.now() < end) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      // A worker that has just ended may have been given the connection.
      const response = await send('{ __typename }', undefined, agent).catch(() => undefined);
      const connected = response && (await workerOf(response));
      if (connected !== undefined && connected !== pid) return { agent, pid: connected };
      agent.destroy();
    }
    throw new Error(`no worker besides ${pid} gets connections`);
  }

  return {
    ...bff,
    send,
    exchange,
    workerOf,
    connectToOther,

    /** Finds the log entries with a message, as soon as there are this many. */
    async find(msg: string, count = 1): Promise<Json[]> {
      const found = () => bff.logEntries().filter((entry) => entry.msg === msg);
      await until(() => found().length >= count);
      return found();
    },

    /** Opens a connection to each of the two workers. */
    async connectToBoth() {
      const first = await connectToOther();
      return [first, await connectToOther(first.pid)] as const;
    },

    /** Sends requests over persistent connections, and over as many new ones, until it is stopped. */
    startLoad(connections: number) {
      const agent = new Agent({ keepAlive: true, maxSockets: connections });
      let isStopped = false;
      let answered = 0;
      const failures: unknown[] = [];
      const loop = async (isPersistent: boolean) => {
        while (!isStopped) {
          try {
            const via = isPersistent ? agent : undefined;
            const { status, body } = await send('{ notices { title } }', undefined, via);
            assert.equal(status, 200, JSON.stringify(body));
            answered++;
          } catch (error) {
            failures.push(error);
          }
          await sleep(PAUSE_MS);
        }
      };
      const each = Array.from({ length: connections });
      const loops = Promise.all(each.flatMap(() => [loop(true), loop(false)]));
      async function stop() {
        isStopped = true;
        await loops;
        agent.destroy();
        return failures;
      }
      return {
        answered: () => answered,
        /** @returns the failures */
        stop,
        [Symbol.asyncDispose]: async () => void (await stop()),
      };
    },

    [Symbol.asyncDispose]: bff[Symbol.asyncDispose],
  };
}

export type Cluster = Awaited<ReturnType<typeof startCluster>>;

const NAME = '{ viewer { member { name } } }';
let lastName = 0;

/** Changes data over one connection, and reads it over several new ones. */
export async function assertNeverStale(
  { send }: Pick<Cluster, 'send'>,
  { rounds, agent }: { readonly rounds: number; readonly agent?: Agent },
) {
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    const name = `Name ${lastName++}`;
    const change = `mutation { renameMember(name: "${name}") { member { name } } }`;
    const changed = await send(change, '42', agent);
    assert.equal(changed.body.data?.renameMember.member.name, name, JSON.stringify(changed.body));
    // The later ones find what the first ones have stored.
    for (let batch = 0; batch < 2; batch++) {
      const reads = await Promise.all(Array.from({ length: 4 }, () => send(NAME, '42')));
      for (const { body, headers } of reads) {
        assert.equal(body.data?.viewer.member.name, name, JSON.stringify(body));
        if (/hit/.test(headers['cache-status']?.toString() ?? '')) hits++;
      }
    }
  }
  return { hits };
}
