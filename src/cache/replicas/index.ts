/**
 * The other replicas of the BFFs, which share one Redis: their purges, and which responses in Redis may
 * be served.
 *
 * A purge applies here at once. Then it gets a version in Redis (shared-tags.ts), before the mutation's
 * response leaves, and all replicas get a message. Each replica also asks for missed purges every second.
 * A response in Redis has the version at which its execution began, and is stale if one of its tags has
 * a higher one.
 *
 * It must never let a request wait for Redis longer than one command may take, accept a response from Redis
 * with a tag of a purge that has no version yet, or allow one older than 10 seconds while purges of the
 * others may be missing.
 */
export { connectReplicas } from './connect.ts';
export { createReplicaChannel } from './replica-channel.ts';
export { Replicas } from './replicas.ts';
export { createSharedTier } from './shared-tier.ts';
