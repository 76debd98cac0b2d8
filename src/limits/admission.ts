import { performance } from 'node:perf_hooks';
import { BffError } from '../errors.ts';

const SAMPLE_MS = 100;
/** From this share of its time on, the process has no more to give. */
const BUSY = 0.9;
/** Nobody is refused while no more than this are under way or came with the last sample. */
const FEW = 100;
/** The longest that executions may have to wait for each other, in milliseconds. */
const LONGEST_WAIT_MS = 500;
/** What operations that nobody registered may take of it. */
const AD_HOC_SHARE = 0.5;
/** The longest that the event loop may be late, in milliseconds. */
const LONGEST_DELAY_MS = 200;
/** Of an old reading that a new one leaves. */
const MEMORY = 0.5;

/**
 * Refuses what would only make everyone wait: work is admitted for as long as a busy process can be
 * expected to be done with what is under way in half a second, by Little's law (under way divided by
 * done per second), and its event loop is not late. While the process is not busy, however slow the
 * services are, everything is admitted.
 */
export function createAdmission() {
  let underWay = 0;
  let came = 0;
  let cameLately = 0;
  let done = 0;
  let perSecond = 0;
  let busy = 0;
  let delayMs = 0;
  let sampledAt = performance.now();
  let utilization = performance.eventLoopUtilization();

  const timer = setInterval(() => {
    const now = performance.now();
    const elapsed = now - sampledAt;
    const current = performance.eventLoopUtilization();
    busy = performance.eventLoopUtilization(current, utilization).utilization;
    delayMs = MEMORY * delayMs + (1 - MEMORY) * (elapsed - SAMPLE_MS);
    perSecond = MEMORY * perSecond + (1 - MEMORY) * (done / elapsed) * 1_000;
    [sampledAt, utilization, cameLately, came, done] = [now, current, came, 0, 0];
  }, SAMPLE_MS).unref();

  function refuseBeyond(waitMs: number): void {
    if (underWay <= FEW && cameLately <= FEW) return;
    const expectedMs = busy > BUSY && underWay > FEW ? (underWay / perSecond) * 1_000 : 0;
    if (expectedMs <= waitMs && delayMs <= LONGEST_DELAY_MS) return;
    throw new BffError('OVERLOADED', 'There is too much to do right now: try again later.', {
      headers: { 'retry-after': '1' },
    });
  }

  return {
    /**
     * Before anything is read of a request.
     * @throws BffError OVERLOADED
     */
    refuseExcess(): void {
      came++;
      refuseBeyond(LONGEST_WAIT_MS);
    },

    /**
     * Before an operation is executed; the ones that nobody registered are refused first.
     * @returns what to call when it is done
     * @throws BffError OVERLOADED
     */
    enter(isTrusted: boolean): () => void {
      if (!isTrusted) refuseBeyond(LONGEST_WAIT_MS * AD_HOC_SHARE);
      underWay++;
      return () => {
        underWay--;
        done++;
      };
    },

    close: (): void => clearInterval(timer),
  };
}

export type Admission = ReturnType<typeof createAdmission>;
