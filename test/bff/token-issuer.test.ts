import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { startEnvironment } from '../support/environment.ts';

describe('the issuer of tokens, when it is lost', () => {
  it('does not lock out whom it let in', async () => {
    await using environment = await startEnvironment(web);
    await environment.send('{ viewer { id } }', { as: CAST.customer });
    await environment.services.user.close();
    const { body } = await environment.send('{ viewer { id unreadCount } }', {
      as: CAST.otherCustomer,
    });
    assert.equal(body.errors, undefined);
    assert.equal(body.data.viewer.id, CAST.otherCustomer);
  });

  it('makes tokens impossible to check if it was never reached, which is no 401', async () => {
    await using environment = await startEnvironment(web);
    await environment.services.user.close();
    const { status, body } = await environment.send('{ viewer { id } }', { as: CAST.customer });
    assert.equal(status, 503);
    assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
    assert.equal((await environment.send('{ announcements { id } }')).status, 200);
  });
});
