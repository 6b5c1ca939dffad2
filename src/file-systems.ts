/*
 * What a file system promises, by the number that Linux gives it (statfs(2), linux/magic.h).
 */

import { statfsSync } from 'node:fs';

/** A file system, and what its kind means for a ledger. */
export interface FileSystem {
  readonly name: string;
  /**
   * - `'local'`: a sync reaches the disk
   * - `'volatile'`: in memory
   * - `'overlay'`: the layer of a container
   * - `'network'`: what locks and syncs do is decided by a server or another program
   */
  readonly kind: 'local' | 'volatile' | 'overlay' | 'network' | 'unknown';
}

/** The file system that holds a path. Linux only. */
export function fileSystemOf(path: string): FileSystem {
  const type = statfsSync(path).type;
  return FILE_SYSTEMS.get(type) ?? { name: `file system 0x${type.toString(16)}`, kind: 'unknown' };
}

const FILE_SYSTEMS: ReadonlyMap<number, FileSystem> = new Map<number, FileSystem>([
  [0xef53, { name: 'ext2, ext3 or ext4', kind: 'local' }],
  [0x58465342, { name: 'XFS', kind: 'local' }],
  [0x9123683e, { name: 'Btrfs', kind: 'local' }],
  [0x2fc12fc1, { name: 'ZFS', kind: 'local' }],
  [0xf2f52010, { name: 'F2FS', kind: 'local' }],
  [0xca451a4e, { name: 'bcachefs', kind: 'local' }],
  [0x01021994, { name: 'tmpfs', kind: 'volatile' }],
  [0x858458f6, { name: 'ramfs', kind: 'volatile' }],
  [0x794c7630, { name: 'overlayfs', kind: 'overlay' }],
  [0x61756673, { name: 'aufs', kind: 'overlay' }],
  [0x6969, { name: 'NFS', kind: 'network' }],
  [0x517b, { name: 'SMB', kind: 'network' }],
  [0xff534d42, { name: 'CIFS', kind: 'network' }],
  [0xfe534d42, { name: 'SMB2', kind: 'network' }],
  [0x01021997, { name: '9P', kind: 'network' }],
  [0x00c36400, { name: 'CephFS', kind: 'network' }],
  [0x5346414f, { name: 'AFS', kind: 'network' }],
  [0x0bd00bd0, { name: 'Lustre', kind: 'network' }],
  [0x01161970, { name: 'GFS2', kind: 'network' }],
  [0x7461636f, { name: 'OCFS2', kind: 'network' }],
  [0x786f4256, { name: 'a VirtualBox share', kind: 'network' }],
  // sshfs, s3fs, virtiofs and others.
  [0x65735546, { name: 'FUSE', kind: 'network' }],
]);
