//! What is said between a session and a signer agent on a Unix socket, version 1. `docs/signer.md` is the same in words.
//!
//! ```text
//! frame        length u32, kind u8, body: `length` bytes in all behind the length; numbers are big-endian
//! ledger       name 32, first option<32>, head option<seq u64, hash 32>     option: 0, or 1 and the value
//!
//! 1 hello      magic 8 "SWSIGNER", version u32                 -> 129 welcome     version u32, public key 32
//! 2 unwritten  ledger                                          -> 130 signed      count u32, count of (signature 64, length u32, text)
//! 3 sign       ledger, count u32, count of (length u32, text)  -> 131 signatures  count u32, count of 64
//! 4 endorse    ledger, length u32, statement                   -> 131 signatures  one
//!              any of them                                     -> 255 refused     code u8, text
//! ```
//!
//! A text is a hashed text, see [`HashedText`](super::HashedText), a statement that of a handover, see
//! [`Statement`](super::Statement). Nobody says a hash or asks for the signature of one. A
//! ledger's name is the SHA-256 of its path: it tells ledgers apart that have no first event yet. Bytes left over in a
//! body are an error.

use super::Remembered;
use crate::chain::Head;
use crate::hash::Hash;
use crate::key::{PublicKey, Signature};
use std::io::{self, Read, Write};

/// The version of this protocol.
pub const VERSION: u32 = 1;

/// Most bytes of a frame behind its length: a line of 16 MiB, or a group of 1 MiB, and what is around it.
pub const MAX_FRAME: usize = 17 << 20;

const MAGIC: &[u8; 8] = b"SWSIGNER";
/// Bytes of a refusal's text that are told.
const MAX_TEXT: usize = 1000;

/// A ledger, as it ends now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ledger {
    /// SHA-256 of its path.
    pub name: Hash,
    /// Hash of its first event.
    pub first: Option<Hash>,
    /// Its last event.
    pub head: Option<Head>,
}

/// What a session says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// The first frame of a connection: a version.
    Hello(u32),
    /// What was signed behind the end of this ledger?
    Unwritten(Ledger),
    /// Sign these texts, which continue it.
    Sign(Ledger, Vec<Vec<u8>>),
    /// Sign this statement, and expect this ledger to go on behind it.
    Endorse(Ledger, Vec<u8>),
}

/// What the agent answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// To a hello: the agent's version and key.
    Welcome(u32, PublicKey),
    /// Events that were signed.
    Signed(Vec<Remembered>),
    /// A signature of each text, in order, or of the statement. What was asked is stored.
    Signatures(Vec<Signature>),
    /// Why not.
    Refused(Refusal, String),
}

/// Why an agent does not do what it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// A frame that is none of this protocol, or in a wrong place.
    Malformed = 1,
    /// Another version of it.
    Version = 2,
    /// A caller who is not on the list.
    Stranger = 3,
    /// A text that is not the hashed text of an event.
    NoEvent = 4,
    /// Another event was signed at this place.
    Fork = 5,
    /// The ledger lacks more than the last group that was signed.
    Rollback = 6,
    /// The ledger was begun without this agent.
    Unknown = 7,
    /// A ledger more than the agent signs for.
    Full = 8,
    /// What was signed could not be stored, or not for sure.
    Store = 9,
    /// Too many connections.
    Busy = 10,
}

impl Refusal {
    const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Version,
        Self::Stranger,
        Self::NoEvent,
        Self::Fork,
        Self::Rollback,
        Self::Unknown,
        Self::Full,
        Self::Store,
        Self::Busy,
    ];
}

impl Ask {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(version) => Frame::new(1).bytes(MAGIC).u32(*version).end(),
            Self::Unwritten(ledger) => Frame::new(2).ledger(ledger).end(),
            Self::Sign(ledger, texts) => {
                texts.iter().fold(Frame::new(3).ledger(ledger).count(texts.len()), |frame, text| frame.text(text)).end()
            }
            Self::Endorse(ledger, statement) => Frame::new(4).ledger(ledger).text(statement).end(),
        }
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut body = Body(frame);
        let ask = match body.u8()? {
            1 if body.array()? == *MAGIC => Self::Hello(body.u32()?),
            2 => Self::Unwritten(body.ledger()?),
            3 => {
                let ledger = body.ledger()?;
                Self::Sign(ledger, body.list(|body| Some(body.text()?.to_vec()))?)
            }
            4 => Self::Endorse(body.ledger()?, body.text()?.to_vec()),
            _ => return None,
        };
        body.0.is_empty().then_some(ask)
    }
}

impl Reply {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Welcome(version, key) => Frame::new(129).u32(*version).bytes(key.as_bytes()).end(),
            Self::Signed(events) => {
                let frame = Frame::new(130).count(events.len());
                events
                    .iter()
                    .fold(frame, |frame, event| frame.bytes(event.signature.as_bytes()).text(&event.canonical))
                    .end()
            }
            Self::Signatures(signatures) => {
                let frame = Frame::new(131).count(signatures.len());
                signatures.iter().fold(frame, |frame, signature| frame.bytes(signature.as_bytes())).end()
            }
            Self::Refused(refusal, text) => Frame::new(255)
                .bytes(&[*refusal as u8])
                .bytes(text.as_bytes().get(..MAX_TEXT).unwrap_or(text.as_bytes()))
                .end(),
        }
    }

    /// Reads a frame without its length.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut body = Body(frame);
        let reply = match body.u8()? {
            129 => Self::Welcome(body.u32()?, PublicKey::from_bytes(body.array()?)),
            130 => Self::Signed(body.list(Body::remembered)?),
            131 => Self::Signatures(body.list(|body| Some(Signature::from_bytes(body.array()?)))?),
            255 => {
                let code = body.u8()?;
                let refusal = Refusal::ALL.into_iter().find(|refusal| *refusal as u8 == code)?;
                let text = String::from_utf8_lossy(body.take(body.0.len())?).into_owned();
                Self::Refused(refusal, text)
            }
            _ => return None,
        };
        body.0.is_empty().then_some(reply)
    }
}

/// Writes a frame.
pub fn write(stream: &mut impl Write, frame: &[u8]) -> io::Result<()> {
    stream.write_all(frame)?;
    stream.flush()
}

/// Reads a frame, without its length. None where the other side has hung up between two frames.
pub fn read(stream: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let (first, rest) = length.split_at_mut(1);
    loop {
        match stream.read(first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    stream.read_exact(rest)?;
    let length = u32::from_be_bytes(length);
    if !(1..=MAX_FRAME).contains(&(length as usize)) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes")));
    }
    // Memory grows with what comes, not with what is announced.
    let mut frame = Vec::new();
    stream.take(u64::from(length)).read_to_end(&mut frame)?;
    if frame.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(frame))
}

/// A frame, or another list of values, that is being written.
pub struct Frame(Vec<u8>);

impl Frame {
    /// Begins a frame of a kind.
    fn new(kind: u8) -> Self {
        Self(vec![0, 0, 0, 0, kind])
    }

    /// Begins values that are no frame.
    pub fn values() -> Self {
        Self(Vec::new())
    }

    /// Bytes as they are.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number.
    #[must_use]
    pub fn u32(self, value: u32) -> Self {
        self.bytes(&value.to_be_bytes())
    }

    /// How many follow.
    #[must_use]
    pub fn count(self, count: usize) -> Self {
        self.u32(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Bytes with their length.
    #[must_use]
    pub fn text(self, text: &[u8]) -> Self {
        self.count(text.len()).bytes(text)
    }

    /// An event's place and hash.
    #[must_use]
    pub fn head(self, head: Head) -> Self {
        self.seq(head.seq).bytes(head.hash.as_bytes())
    }

    /// An event's place.
    #[must_use]
    pub fn seq(self, seq: u64) -> Self {
        self.bytes(&seq.to_be_bytes())
    }

    /// A value that may be missing.
    #[must_use]
    pub fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.bytes(&[0]),
            Some(value) => write(self.bytes(&[1]), value),
        }
    }

    fn ledger(self, ledger: &Ledger) -> Self {
        let named = self.bytes(ledger.name.as_bytes());
        named.option(ledger.first, |frame, first| frame.bytes(first.as_bytes())).option(ledger.head, Self::head)
    }

    fn end(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len().saturating_sub(4)).unwrap_or(u32::MAX);
        if let Some(place) = self.0.first_chunk_mut() {
            *place = length.to_be_bytes();
        }
        self.0
    }

    /// The bytes of values that are no frame.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Values that are being read; each is none where the bytes end too early.
pub struct Body<'a>(pub &'a [u8]);

impl<'a> Body<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// Bytes with their length.
    fn text(&mut self) -> Option<&'a [u8]> {
        let length = self.u32()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// A hash.
    pub fn hash(&mut self) -> Option<Hash> {
        self.array().map(Hash::from_bytes)
    }

    /// An event's place.
    pub fn seq(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    /// An event's place and hash.
    pub fn head(&mut self) -> Option<Head> {
        Some(Head { seq: self.seq()?, hash: self.hash()? })
    }

    /// An event that was signed.
    pub fn remembered(&mut self) -> Option<Remembered> {
        let signature = Signature::from_bytes(self.array()?);
        Some(Remembered { canonical: self.text()?.to_vec(), signature })
    }

    /// A value that may be missing.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.u8()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    fn ledger(&mut self) -> Option<Ledger> {
        Some(Ledger { name: self.hash()?, first: self.option(Self::hash)?, head: self.option(Self::head)? })
    }

    /// A count, and so many values. Nothing is reserved for values that are only announced.
    pub fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut values = Vec::new();
        for _ in 0..self.u32()? {
            values.push(read(self)?);
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledgers() -> [Ledger; 3] {
        let (name, hash) = (Hash::of(b"name"), Hash::of(b"hash"));
        [
            Ledger { name, first: None, head: None },
            Ledger { name, first: Some(hash), head: Some(Head { seq: 7, hash: name }) },
            Ledger { name, first: None, head: Some(Head { seq: u64::MAX, hash }) },
        ]
    }

    /// Every value comes back; no frame that is cut off, longer or of another kind is taken for one.
    fn there_and_back<T: PartialEq + std::fmt::Debug>(value: &T, frame: &[u8], decode: fn(&[u8]) -> Option<T>) {
        let body = read(&mut &frame[..]).unwrap().unwrap();
        assert_eq!(decode(&body).as_ref(), Some(value));
        for length in 0..body.len() {
            assert_ne!(decode(&body[..length]).as_ref(), Some(value));
        }
        assert_ne!(decode(&[&body[..], &[0]].concat()).as_ref(), Some(value));
        for cut in 1..frame.len() {
            assert!(read(&mut &frame[..cut]).is_err(), "{cut}");
        }
    }

    #[test]
    fn frames_are_read_as_they_were_written() {
        let texts = vec![b"a text".to_vec(), Vec::new(), vec![0xff; 300]];
        for ledger in ledgers() {
            let endorse = Ask::Endorse(ledger, b"a statement".to_vec());
            for ask in [Ask::Hello(VERSION), Ask::Unwritten(ledger), Ask::Sign(ledger, texts.clone()), endorse] {
                there_and_back(&ask, &ask.encode(), Ask::decode);
            }
        }
        let signatures = vec![Signature::from_bytes([1; 64]), Signature::from_bytes([2; 64])];
        let signed = texts.iter().map(|text| Remembered { canonical: text.clone(), signature: signatures[0] });
        for reply in [
            Reply::Welcome(9, PublicKey::from_bytes([3; 32])),
            Reply::Signed(signed.collect()),
            Reply::Signatures(signatures),
            Reply::Refused(Refusal::Fork, "no".to_owned()),
        ] {
            there_and_back(&reply, &reply.encode(), Reply::decode);
        }
        assert_eq!(read(&mut &b""[..]).unwrap(), None);
    }

    #[test]
    fn what_is_announced_takes_no_memory() {
        for length in [0_u32, (17 << 20) + 1, u32::MAX] {
            assert!(read(&mut &length.to_be_bytes()[..]).is_err());
        }
        let announced = [&[131][..], &u32::MAX.to_be_bytes()].concat();
        assert_eq!(Reply::decode(&announced), None);
        let long = Reply::Refused(Refusal::Store, "é".repeat(1000)).encode();
        assert_eq!(long.len(), 4 + 2 + 1000);
    }
}
