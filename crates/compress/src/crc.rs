//! CRC-32 as gzip has it, RFC 1952 section 8.
//!
//! `crc32fast` does the same faster, in 21 KiB of tables and code for processors of several kinds. Checking the signatures
//! of a ledger takes several times as long as decompressing it.

/// x^32 + x^26 + x^23 + ... + 1, its bits reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What each byte makes of a checksum.
const TABLE: [u32; 256] = table();

/// Checksum and length of bytes that come in pieces.
#[derive(Default)]
pub(crate) struct Crc {
    register: u32,
    length: u32,
}

impl Crc {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut crc = Self::default();
        crc.update(bytes);
        crc
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let step = |register: u32, byte: &u8| {
            let [low, ..] = (register ^ u32::from(*byte)).to_le_bytes();
            (register >> 8) ^ TABLE.get(usize::from(low)).copied().unwrap_or_default()
        };
        self.register = !bytes.iter().fold(!self.register, step);
        self.length = self.length.wrapping_add(bytes.len() as u32);
    }

    pub(crate) fn checksum(&self) -> u32 {
        self.register
    }

    /// Modulo 2^32.
    pub(crate) fn length(&self) -> u32 {
        self.length
    }
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "computed by the compiler, which would refuse"
)]
const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut register = index as u32;
        let mut bit = 0;
        while bit < 8 {
            register = (register >> 1) ^ if register & 1 == 1 { POLYNOMIAL } else { 0 };
            bit += 1;
        }
        table[index] = register;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::Crc;
    use proptest::prelude::*;

    #[test]
    fn check_value() {
        // As catalogues of CRCs give it.
        assert_eq!(Crc::of(b"123456789").checksum(), 0xcbf4_3926);
        assert_eq!(Crc::of(b"").checksum(), 0);
    }

    proptest! {
        #[test]
        fn as_flate2_has_it(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let (mut ours, mut theirs) = (Crc::default(), flate2::Crc::new());
            for piece in &pieces {
                ours.update(piece);
                theirs.update(piece);
            }
            prop_assert_eq!((ours.checksum(), ours.length()), (theirs.sum(), theirs.amount()));
        }
    }
}
