import type * as documents from '../../../clients/mobile/graphql.ts';
import { OPERATION_IDS } from '../../../clients/mobile/operation-ids.ts';
import { createBffClient } from '../../shared/bff-client.ts';

/**
 * The mobile BFF. An app adds the token of its user here: `{ headers: { authorization: … } }`. In the demo, the
 * server of this page adds that of user 42.
 */
export const bff = createBffClient<typeof documents, typeof OPERATION_IDS>(OPERATION_IDS);
