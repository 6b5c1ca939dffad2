"""Writes the streams of this folder again, and expected.json: `python3 vectors/compressed/make.py`.

Their contents are ../chains/all_kinds.ndjson. Made by gzip(1) 1.12, zstd(1) 1.5.4 and Python's zlib, and by changing what
these made; other versions write other bytes, which are as good.
"""

import gzip
import json
import pathlib
import struct
import subprocess
import zlib

HERE = pathlib.Path(__file__).parent
SOURCE = HERE.parent / 'chains' / 'all_kinds.ndjson'
LEDGER = SOURCE.read_bytes()
ZSTD_MAGIC = bytes.fromhex('28b52ffd')

expected = {}


def tool(*command, data=LEDGER):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def put(name, stream, code=None, length=len(LEDGER)):
    """`length`: how many bytes come out, if that is not left to the reader."""
    (HERE / name).write_bytes(stream)
    is_zstd = stream[:4] == ZSTD_MAGIC or stream[1:4] == bytes.fromhex('2a4d18')
    expected[name] = {'format': 'zstd' if is_zstd else 'gzip', 'bytes': length, 'code': code}


def changed(stream, place, by=1):
    bytes_ = bytearray(stream)
    bytes_[place] ^= by
    return bytes(bytes_)


def gzip_member(contents=LEDGER, flags=0, fields=b'', method=8):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(contents) + deflate.flush()
    header = bytes([0x1f, 0x8b, method, flags, 0, 0, 0, 0, 2, 3]) + fields
    if flags & 2:
        header += struct.pack('<H', zlib.crc32(header) & 0xffff)
    return header + body + struct.pack('<II', zlib.crc32(contents), len(contents) & 0xffffffff)


def skippable(length, magic=0x50):
    return bytes([magic, 0x2a, 0x4d, 0x18]) + struct.pack('<I', length) + bytes(length)


# gzip, good.
command_line = tool('gzip', '--stdout', '--best', str(SOURCE))
put('gzip-of-a-file.gz', command_line)
put('gzip-of-a-pipe.gz', tool('gzip', '--fast'))
put('gzip-python.gz', gzip.compress(LEDGER, mtime=0))
put('gzip-stored.gz', gzip.compress(LEDGER[:600], 0, mtime=0), length=600)
put('gzip-empty.gz', gzip.compress(b'', mtime=0), length=0)
fields = struct.pack('<H', 6) + b'AB\2\0xy' + b'ledger.ndjson\0' + b'a comment\0'
put('gzip-every-field.gz', gzip_member(flags=0b11111, fields=fields))
members = [gzip_member(LEDGER[:1000]), gzip_member(b''), gzip_member(LEDGER[1000:])]
put('gzip-members.gz', b''.join(members))
put('gzip-padded.gz', command_line + bytes(512))

# gzip, bad.
put('gzip-cut-in-header.gz', gzip_member(flags=8, fields=b'ledger.ndj')[:20], 'ERR_COMPRESSED_TRUNCATED', 0)
put('gzip-cut-in-contents.gz', command_line[:-500], 'ERR_COMPRESSED_TRUNCATED', None)
put('gzip-cut-in-trailer.gz', command_line[:-3], 'ERR_COMPRESSED_TRUNCATED')
put('gzip-cut-behind-a-member.gz', b''.join(members)[: len(members[0]) + 5], 'ERR_COMPRESSED_TRUNCATED', 1000)
put('gzip-wrong-crc.gz', changed(command_line, -8), 'ERR_COMPRESSED_CHECKSUM')
put('gzip-wrong-length.gz', changed(command_line, -1), 'ERR_COMPRESSED_CHECKSUM')
put('gzip-wrong-header-crc.gz', changed(gzip_member(flags=2), 4), 'ERR_COMPRESSED_INVALID', 0)
put('gzip-changed-contents.gz', changed(gzip.compress(LEDGER[:600], 0, mtime=0), 300, 32), 'ERR_COMPRESSED_CHECKSUM', None)
put('gzip-no-deflate.gz', gzip_member()[:10] + bytes([7]) + gzip_member()[11:], 'ERR_COMPRESSED_INVALID', None)
put('gzip-other-method.gz', gzip_member(method=7), 'ERR_COMPRESSED_INVALID', 0)
put('gzip-reserved-flag.gz', gzip_member(flags=0x20), 'ERR_COMPRESSED_INVALID', 0)
put('gzip-trailing-text.gz', command_line + b'{"seq":20}\n', 'ERR_COMPRESSED_TRAILING')
put('gzip-trailing-padding-and-text.gz', command_line + bytes(512) + b'x', 'ERR_COMPRESSED_TRAILING')
put('gzip-trailing-zstd.gz', command_line + tool('zstd', '--quiet'), 'ERR_COMPRESSED_TRAILING')

# zstd, good.
of_file = tool('zstd', '--quiet', '--stdout', '-19', str(SOURCE))
of_pipe = tool('zstd', '--quiet', '-3')
put('zstd-of-a-file.zst', of_file)
put('zstd-of-a-pipe.zst', of_pipe)
put('zstd-no-checksum.zst', tool('zstd', '--quiet', '--no-check'))
put('zstd-window-of-8-mib.zst', tool('zstd', '--quiet', '--long=23'))
halves = [tool('zstd', '--quiet', data=part) for part in (LEDGER[:1000], b'', LEDGER[1000:])]
put('zstd-frames.zst', skippable(7) + halves[0] + skippable(0, 0x5f) + halves[1] + halves[2] + skippable(300, 0x53))
put('zstd-skippable-only.zst', skippable(10), length=0)
raw = ZSTD_MAGIC + bytes([0x60]) + struct.pack('<H', 600 - 256) + struct.pack('<I', 600 << 3 | 1)[:3] + LEDGER[:600]
put('zstd-raw-block.zst', raw, length=600)

# zstd, bad.
put('zstd-cut-in-header.zst', of_pipe[:5], 'ERR_COMPRESSED_TRUNCATED', 0)
put('zstd-cut-in-contents.zst', of_pipe[:-100], 'ERR_COMPRESSED_TRUNCATED', 0)
put('zstd-cut-in-checksum.zst', of_pipe[:-1], 'ERR_COMPRESSED_TRUNCATED', None)
put('zstd-cut-in-skippable.zst', of_file + skippable(100)[:-1], 'ERR_COMPRESSED_TRUNCATED')
put('zstd-wrong-checksum.zst', changed(of_file, -1), 'ERR_COMPRESSED_CHECKSUM')
put('zstd-wrong-size.zst', changed(raw, 5), 'ERR_COMPRESSED_CHECKSUM', 600)
put('zstd-reserved-flag.zst', changed(of_file, 4, 8), 'ERR_COMPRESSED_INVALID', 0)
put('zstd-reserved-block.zst', changed(raw, 7, 6), 'ERR_COMPRESSED_INVALID', 0)
put('zstd-block-too-large.zst', raw[:7] + b'\xf9\xff\xff' + raw[10:], 'ERR_COMPRESSED_INVALID', 0)
put('zstd-trailing-text.zst', of_file + b'{"seq":20}\n', 'ERR_COMPRESSED_TRAILING')
put('zstd-trailing-zeros.zst', of_file + bytes(512), 'ERR_COMPRESSED_TRAILING')
put('zstd-trailing-gzip.zst', of_file + command_line, 'ERR_COMPRESSED_TRAILING')
put('zstd-window-of-16-mib.zst', tool('zstd', '--quiet', '--long=24'), 'ERR_COMPRESSED_WINDOW', 0)
put('zstd-window-of-4-tib.zst', ZSTD_MAGIC + b'\x00\xff' + of_pipe[6:], 'ERR_COMPRESSED_WINDOW', 0)
put('zstd-dictionary.zst', ZSTD_MAGIC + b'\x01\x00\x07' + of_pipe[6:], 'ERR_COMPRESSED_DICTIONARY', 0)

rows = [f'{json.dumps(name)}:{json.dumps(expected[name], separators=(",", ":"))}' for name in sorted(expected)]
(HERE / 'expected.json').write_text('{\n' + ',\n'.join(rows) + '\n}\n')
