import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { startWorld } from '../support/world.ts';

describe('the issuer of tokens, when it is lost', () => {
  it('does not lock out whom it let in', async () => {
    await using world = await startWorld(web);
    await world.ask('{ viewer { id } }', { as: CAST.customer });
    await world.services.user.close();
    const { body } = await world.ask('{ viewer { id unreadCount } }', { as: CAST.otherCustomer });
    assert.equal(body.errors, undefined);
    assert.equal(body.data.viewer.id, CAST.otherCustomer);
  });

  it('makes tokens impossible to check if it was never reached, which is no 401', async () => {
    await using world = await startWorld(web);
    await world.services.user.close();
    const { status, body } = await world.ask('{ viewer { id } }', { as: CAST.customer });
    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.equal((await world.ask('{ announcements { id } }')).status, 200);
  });
});
