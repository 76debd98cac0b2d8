import type { LibraryEnvironment } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';

/** The bytes of a body that cost one unit. */
export const BYTES_PER_UNIT = 200;

/** Measures the units that an address is charged from now on, without those of the measurement. */
export async function startChargeMeter(environment: LibraryEnvironment, address: string) {
  async function remaining(): Promise<number> {
    const headers = { 'x-forwarded-for': address };
    const response = await environment.post({ query: '{ __typename }' }, headers);
    return Number(/r=(\d+)/.exec(response.headers.get('ratelimit') ?? '')?.[1]);
  }
  const before = await remaining();
  let measurements = 0;

  async function charged(): Promise<number> {
    measurements += 1;
    return before - (await remaining()) - measurements;
  }
  return {
    /** Waits for a charge of this size, since a body may be read after the response, and returns it. */
    async waitFor(units: number): Promise<number> {
      await until(async () => (await charged()) >= units).catch(() => {});
      return charged();
    },
  };
}
