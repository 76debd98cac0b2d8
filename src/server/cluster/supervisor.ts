import type { Log } from '../../telemetry/log.ts';
import { toError } from '../start-failure.ts';
import type { WorkerMessage } from './messages.ts';
import { spawnWorker, type WorkerEnd, type WorkerProcess } from './worker-process.ts';

const START_TIMEOUT_MS = 60_000;
const BACK_OFF_MS = { first: 100, max: 5_000 };
/** Deaths and failed starts of this period count. */
const RECENT_MS = 60_000;
/** Consecutive workers that end before they are ready. */
const MAX_FAILED_STARTS = 5;

interface Managed extends WorkerProcess {
  readonly ready: PromiseWithResolvers<void>;
  readonly ended: Promise<WorkerEnd>;
  /** `discarded` if it is killed before it has served anyone. */
  state: 'starting' | 'ready' | 'ending' | 'discarded';
}

interface SupervisorOptions {
  /** The number of workers. */
  readonly size: number;
  /** The time after which a worker that should end is killed. */
  readonly endTimeoutMs: number;
  readonly log: Log;
  readonly onMessage: (worker: WorkerProcess, message: WorkerMessage) => void;
  /** @param isCrash - true unless it has ended as it was told to */
  readonly onEnd: (worker: WorkerProcess, isCrash: boolean) => void;
  /** Called when workers keep ending before they are ready. */
  readonly giveUp: () => void;
}

/** Keeps a number of workers running. */
export function createSupervisor(options: SupervisorOptions) {
  const { size, endTimeoutMs, log, onMessage, onEnd, giveUp } = options;
  const workers = new Set<Managed>();
  const started = Promise.withResolvers<void>();
  let hasStarted = false;
  let isStopping = false;
  let isRolling = false;
  let mustRollAgain = false;
  /** Workers that start after the back-off. */
  let scheduled = 0;
  let deaths: number[] = [];
  let failedStarts: number[] = [];
  let wereEndsClean = true;

  const inState = (...states: readonly Managed['state'][]) =>
    [...workers].filter(({ state }) => states.includes(state));

  function fork(): Managed {
    const ready = Promise.withResolvers<void>();
    const spawned = spawnWorker((message) => receive(managed, message));
    const managed: Managed = { ...spawned, ready, state: 'starting' };
    const timer = setTimeout(managed.kill, START_TIMEOUT_MS);
    const stopTimer = () => clearTimeout(timer);
    ready.promise.then(stopTimer, stopTimer);
    workers.add(managed);
    void managed.ended.then((end) => {
      workers.delete(managed);
      if ('spawnError' in end) handleSpawnError(managed, end.spawnError);
      else handleEnd(managed, end.code, end.signal);
    });
    return managed;
  }

  function receive(worker: Managed, message: WorkerMessage): void {
    if (message.type === 'failed') fail(worker, toError(message.failure));
    onMessage(worker, message);
    if (message.type === 'ready') becomeReady(worker);
  }

  function becomeReady(worker: Managed): void {
    if (worker.state !== 'starting') return;
    worker.state = 'ready';
    worker.ready.resolve();
    failedStarts = [];
    if (inState('ready').length < size) return;
    hasStarted = true;
    started.resolve();
  }

  /** The first start ends with the error; later, the worker is started again. */
  function fail(worker: Managed, error: Error): void {
    if (hasStarted)
      log.error({ worker: worker.id || undefined, err: error }, 'worker cannot start');
    else {
      isStopping = true;
      started.reject(error);
    }
  }

  /** The workers that run are not to blame for it, so it is tried again for as long as it takes. */
  function handleSpawnError(worker: Managed, error: Error): void {
    worker.ready.reject(error);
    if (isStopping) return;
    fail(worker, error);
    deaths = recent([...deaths, performance.now()]);
    replaceMissing();
  }

  function handleEnd(worker: Managed, code: number | null, signal: string | null): void {
    const isCrash = worker.state !== 'discarded' && (worker.state !== 'ending' || code !== 0);
    if (isCrash) wereEndsClean = false;
    onEnd(worker, isCrash);
    worker.ready.reject(new Error('the worker ended before it was ready'));
    if (isStopping) return;
    if (isCrash) {
      log.error({ worker: worker.id, code, signal }, 'worker ended unexpectedly');
      countDeath(worker);
    }
    replaceMissing();
  }

  function countDeath({ state }: Managed): void {
    const now = performance.now();
    deaths = recent([...deaths, now]);
    if (state === 'starting') failedStarts = recent([...failedStarts, now]);
    if (failedStarts.length >= MAX_FAILED_STARTS) giveUp();
  }

  function replaceMissing(): void {
    if (isStopping) return;
    const delayMs = Math.min(BACK_OFF_MS.first * 2 ** (deaths.length - 1), BACK_OFF_MS.max);
    const serving = workers.size - inState('ending').length;
    for (let missing = size - serving - scheduled; missing > 0; missing--) {
      scheduled++;
      setTimeout(() => {
        scheduled--;
        if (!isStopping) fork();
      }, delayMs);
    }
  }

  /** Tells a worker to end, and kills it if it does not in time. */
  async function endWorker(worker: Managed, type: 'retire' | 'drain'): Promise<void> {
    worker.state = 'ending';
    worker.send({ type });
    const timer = setTimeout(worker.kill, endTimeoutMs);
    await worker.ended;
    clearTimeout(timer);
  }

  /** Replaces one worker after the other, each once its successor is ready. */
  async function rollOnce(): Promise<void> {
    for (const old of inState('ready')) {
      if (isStopping) return;
      // It has crashed in the meantime, and so has a successor.
      if (!workers.has(old)) continue;
      try {
        await fork().ready.promise;
      } catch {
        log.error('roll stopped, because a new worker does not start');
        return;
      }
      if (workers.has(old) && !isStopping) await endWorker(old, 'retire');
    }
    log.info('all workers replaced');
  }

  return {
    /**
     * Starts all workers.
     * @throws the error for which one can't start
     */
    async start(): Promise<void> {
      for (let n = 0; n < size; n++) fork();
      await started.promise;
    },

    /** Replaces all workers, once they have started, and again if it is called meanwhile. */
    async roll(): Promise<void> {
      mustRollAgain = true;
      if (isRolling) return;
      isRolling = true;
      await started.promise.catch(() => {});
      while (mustRollAgain && !isStopping) {
        mustRollAgain = false;
        await rollOnce();
      }
      isRolling = false;
    },

    /**
     * Ends all workers, after their requests in flight.
     * @returns false if one of them was killed or crashed
     */
    async stop(): Promise<boolean> {
      isStopping = true;
      wereEndsClean = true;
      for (const worker of inState('starting')) {
        worker.state = 'discarded';
        worker.kill();
      }
      const serving = [...workers].filter(({ state }) => state !== 'discarded');
      await Promise.all(serving.map((worker) => endWorker(worker, 'drain')));
      return wereEndsClean;
    },

    /** Ends all workers at once. */
    kill(): void {
      isStopping = true;
      for (const worker of workers) worker.kill();
    },

    readyWorkers: (): readonly WorkerProcess[] => inState('ready'),

    /** Those that are ready, or still complete requests before they end. */
    servingWorkers: (): readonly WorkerProcess[] => inState('ready', 'ending'),
  };
}

const recent = (times: readonly number[]) =>
  times.filter((at) => performance.now() - at < RECENT_MS);
