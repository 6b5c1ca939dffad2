// A forked process that outlives the one that forked it.

setTimeout(() => undefined, 100_000);
process.send?.('ready');
