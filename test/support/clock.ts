import { mock } from 'node:test';

/**
 * Lets a test move the clocks of this process, `Date.now` and `performance.now`, forward instead of
 * waiting. Timers and `new Date()` keep the real time.
 */
export function createClock() {
  const now = performance.now.bind(performance);
  const dateNow = Date.now.bind(Date);
  let offsetMs = 0;
  const mocks = [
    mock.method(performance, 'now', () => now() + offsetMs),
    mock.method(Date, 'now', () => dateNow() + offsetMs),
  ];
  return {
    advance(ms: number) {
      offsetMs += ms;
    },
    [Symbol.dispose]() {
      for (const { mock } of mocks) mock.restore();
    },
  };
}
