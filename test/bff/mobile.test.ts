import { mobile } from '../../bff-mobile/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { contract } from './contract.ts';
import { mutationExamples } from './mutation-examples.ts';

contract(mobile, {
  ...mutationExamples,
  Dashboard: () => ({}),
  PublicProfile: () => ({ id: CAST.customer }),
});
