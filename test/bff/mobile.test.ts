import { mobile } from '../../bff-mobile/bff.ts';
import { contract } from './contract.ts';

contract(mobile);
