// Preloaded into every process of the demo: ends it when the demo is gone, also when the demo was
// killed and could not end it.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
