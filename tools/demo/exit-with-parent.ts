// Preloaded into every process of the demo: ends it when the demo's process exits, including by
// SIGKILL, after which the demo can't stop its children.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
