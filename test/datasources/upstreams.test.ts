import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { StandIn } from '../../services/support/stand-in.ts';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { until } from '../support/until.ts';

const connectionsOf = ({ server }: StandIn): Promise<number> =>
  promisify(server.getConnections.bind(server))();

describe('Upstreams of a BFF', () => {
  it('are those of its list, and their connections are closed with it', async () => {
    await using environment = await startEnvironment(library);
    const services = Object.values(environment.services);
    // Without a token, whose keys are read over a connection of their own.
    await environment.send(`{ notices { id } member(id: "${CAST.reader}") { name } }`);
    for (const service of services) assert.ok((await connectionsOf(service)) > 0);
    await environment.app.close();
    for (const service of services) await until(async () => (await connectionsOf(service)) === 0);
  });
});
