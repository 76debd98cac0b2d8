import assert from 'node:assert/strict';
import { ConfigError } from '../../src/config/index.ts';

/** Runs a function, and returns the faults of the configuration that it reports, one for each line. */
export function faultsOf(read: () => unknown): string[] {
  try {
    read();
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, `not a ConfigError: ${error}`);
    const [headline, ...faults] = error.message.split('\n');
    assert.equal(headline, 'The configuration is wrong:');
    return faults.map((line) => line.trim());
  }
}
