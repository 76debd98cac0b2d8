/**
 * The connection between the replicas of all BFFs that use the same Redis: exchanges purges, and decides
 * which stored responses may be served.
 *
 * A purge applies in its own replica at once. Before the mutation's response leaves, it gets a version in
 * Redis (shared-tags.ts), which also sends a message to all replicas. Each replica asks for missed purges
 * every second. A response in Redis has the version at which its execution began, and is stale if one of its tags has
 * a higher one.
 *
 * It must never let a request wait for Redis longer than one command may take, accept a response from
 * Redis with a tag of a purge that has no version yet, or allow a response older than 10 seconds while this
 * replica may lack purges of others.
 */
export { connectReplicas } from './connect.ts';
export { createReplicaChannel, publishToReplicas } from './replica-channel.ts';
export { Replicas } from './replicas.ts';
export { createSharedTier } from './shared-tier.ts';
