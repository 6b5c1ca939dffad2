/*
 * What doctor() can find wrong, and what to do about each.
 */

/** What is wrong; `docs/errors.md` lists them. */
export type DoctorCode =
  | 'addon_not_loaded'
  | 'clock_behind_ledger'
  | 'clock_unset'
  | 'file_system_network'
  | 'file_system_overlay'
  | 'file_system_volatile'
  | 'head_store_same_device'
  | 'head_store_unreadable'
  | 'key_folder_writable'
  | 'key_length'
  | 'key_missing'
  | 'key_not_a_file'
  | 'key_permissions'
  | 'key_unreadable'
  | 'ledger_dangling_link'
  | 'ledger_folder_writable'
  | 'ledger_locked'
  | 'ledger_mode'
  | 'ledger_not_a_file'
  | 'ledger_unwritable'
  | 'lock_failed'
  | 'node_too_old'
  | 'path_unreachable'
  | 'platform_untested'
  | 'self_test_failed'
  | 'sync_failed'
  | 'sync_slow'
  | 'sync_too_fast';

/** One sentence a code: what to do. */
export const REMEDIES: Readonly<Record<DoctorCode, string>> = {
  addon_not_loaded: 'do what the message says; an installation on this machine brings the addon',
  clock_behind_ledger: 'find out which clock is wrong; times in the ledger may go back',
  clock_unset: 'set the clock before recording: the times of events come from it',
  file_system_network: 'keep the ledger on a local disk: locks and syncs here promise what the server keeps',
  file_system_overlay: 'put the ledger on a mounted volume: this layer goes away with its container',
  file_system_volatile: 'put the ledger on a disk: what is here is gone after a restart',
  head_store_same_device: 'keep the head store on another device or machine, out of reach of who can change the ledger',
  head_store_unreadable: 'see the message; a damaged head store is not replaced by itself',
  key_folder_writable: 'take write permission on the folder from group and others: they could replace the key',
  key_length: 'a key is 32 raw bytes: check the path, or bring the key back from a copy',
  key_missing: 'create it with SigningKeypair.loadOrCreate, or check the path',
  key_not_a_file: 'check the path',
  key_permissions: 'chmod 600 and own the key file; if others could read it, treat the key as known',
  key_unreadable: 'see the message; the recorder must be able to read its key',
  ledger_dangling_link: 'mend the symbolic link: a ledger is not created through one',
  ledger_folder_writable: 'take write permission on the folder from group and others: they could replace the ledger',
  ledger_locked: 'end the other recorder, wait for it with lockTimeoutMs, or use another ledger',
  ledger_mode: 'chmod 600, unless others are meant to read the ledger; nobody else should write it',
  ledger_not_a_file: 'check the path',
  ledger_unwritable: 'give the recorder write permission on the ledger, or on the folder it is to be created in',
  lock_failed: 'use a file system that supports flock; without the lock two recorders can fork the chain',
  node_too_old: 'update Node.js to 20.19 or newer',
  path_unreachable: 'see the message; the recorder must be able to enter the folder',
  platform_untested: 'run the tests of the package on this platform first',
  self_test_failed: 'do not use this installation: install again, and report it if that does not help',
  sync_failed: 'see the message; nothing can be recorded where nothing can be synced',
  sync_slow: 'records wait for a sync each, or for one a group: use a faster disk, or record concurrently',
  sync_too_fast: 'make sure that the storage does not ignore syncs (eatmydata, an unsafe cache mode)',
};
