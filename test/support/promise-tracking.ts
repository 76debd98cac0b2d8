import asyncHooks from 'node:async_hooks';

/*
 * The test runner follows every promise, so that it can tell which test an uncaught error belongs to:
 * a fifth of the time of tests that run servers. Without it such an error still fails the run, and the
 * name of the test may be missing (promise-tracking.test.ts). Must be loaded before node:test.
 */
const { createHook } = asyncHooks;
asyncHooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
