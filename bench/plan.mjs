// How much is measured. A quick run shows that everything works; its ledgers are too short for the targets that name a
// size, which are then not judged.

/**
 * @typedef {object} Plan
 * @property {string} name
 * @property {number} rounds at most so many turns of all contenders in `contest`
 * @property {number} seconds no further round begins after so many
 * @property {number} syncs durable records a contender makes in its turn
 * @property {number} inFlight durable records in a turn of our `record` with 64 in flight
 * @property {number} threaded durable records in a turn of the peer's 64 threads: fewer, since it syncs each by itself
 * @property {number} signatures signatures and verifications in a turn
 * @property {number} verified events of the ledger that is verified
 * @property {number} verifications rounds of verifying it
 * @property {number} crosschecked events of the ledger that crosscheck verifies
 * @property {number} opened events of the ledger that is opened
 * @property {number} bytes size of the ledger whose verification is asked for its memory
 * @property {number} memories processes that verify it
 * @property {number} processes fresh processes for each figure that takes one
 * @property {number} proofs proofs of the ledger that was opened
 * @property {number} grown events of the ledger at its longest
 * @property {number} grownRecords records measured at each length
 * @property {number} grownOpens fresh processes that open it at each length
 */

/** @type {Record<'full' | 'quick', Plan>} */
export const plans = {
  full: {
    name: 'full',
    rounds: 500,
    seconds: 180,
    syncs: 20,
    inFlight: 640,
    threaded: 192,
    signatures: 100,
    verified: 200_000,
    verifications: 5,
    crosschecked: 10_000,
    opened: 1_000_000,
    bytes: 2 ** 30,
    memories: 2,
    processes: 20,
    proofs: 50,
    grown: 5_000_000,
    grownRecords: 300,
    grownOpens: 5,
  },
  quick: {
    name: 'quick',
    rounds: 20,
    seconds: 12,
    syncs: 10,
    inFlight: 320,
    threaded: 128,
    signatures: 50,
    verified: 10_000,
    verifications: 2,
    crosschecked: 1000,
    opened: 20_000,
    bytes: 32 * 2 ** 20,
    memories: 2,
    processes: 5,
    proofs: 10,
    grown: 60_000,
    grownRecords: 50,
    grownOpens: 2,
  },
};
