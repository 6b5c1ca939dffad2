//! A signer written in JavaScript: each event of a group is a question to its thread, many of them at once.

use crate::questions::{Mailbox, Questions};
use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;
use sealwright_core::key::{PublicKey, Signature};
use sealwright_core::signer::{Place, Request, Signer};
use sealwright_core::{Error as CoreError, ErrorCode, Result as CoreResult};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Signatures that are asked for at once: key services limit how many they make at a time.
const AT_ONCE: usize = 64;

static SIGNATURES: Questions<CoreResult<Signature>> = Questions::new();

/// JavaScript's answer to a `sign` message.
#[napi(catch_unwind)]
pub fn sign_done(ticket: u32, signature: Uint8Array) {
    let bytes = signature.as_ref();
    let answer = <[u8; 64]>::try_from(bytes).map(Signature::from_bytes).map_err(|_| {
        let message = format!("the signer gave {} bytes, a signature has 64", bytes.len());
        CoreError::new(ErrorCode::SignatureInvalid, message)
    });
    SIGNATURES.answer(ticket, answer);
}

/// The same when there is none: the signer failed, or gave something else.
#[napi(catch_unwind)]
pub fn sign_failed(ticket: u32, message: String, has_answered: bool) {
    let code = if has_answered { ErrorCode::SignatureInvalid } else { ErrorCode::SignerFailed };
    SIGNATURES.answer(ticket, Err(CoreError::new(code, message)));
}

/// This JavaScript thread is about to block: it signs nothing until [`answer_requests`].
pub(crate) fn abandon_requests() {
    SIGNATURES.abandon();
}

/// This JavaScript thread goes on, after all.
pub(crate) fn answer_requests() {
    SIGNATURES.resume();
}

/// What the JavaScript thread is told.
pub(crate) enum Tell<'a> {
    /// `sign` or `endorse` this, under a ticket.
    Ask(&'static str, u32, &'a Request),
    /// Nobody waits for these tickets any more.
    Stop(Vec<u32>),
}

/// Calls the JavaScript thread. False when that thread is gone.
pub(crate) type Call = Box<dyn Fn(Tell<'_>) -> bool + Send + Sync>;

/// See the module. It belongs to the thread that makes it.
pub(crate) struct ScriptSigner {
    public_key: PublicKey,
    timeout_ms: u64,
    call: Call,
    thread: ThreadId,
}

/// A question that waits: its ticket, the event it is about, when it is too late.
struct Waiting {
    ticket: u32,
    index: usize,
    deadline: Instant,
}

impl ScriptSigner {
    pub(crate) fn new(public_key: PublicKey, timeout_ms: u64, call: Call) -> Self {
        Self { public_key, timeout_ms, call, thread: thread::current().id() }
    }

    /// Asks, and has the questions that are left over stopped.
    fn ask(&self, kind: &'static str, requests: &[Request]) -> CoreResult<Vec<Signature>> {
        let mut waiting = Vec::new();
        let signatures = self.ask_all(kind, requests, &mut waiting);
        let tickets: Vec<u32> = waiting.into_iter().map(|question| question.ticket).collect();
        if !tickets.is_empty() {
            tickets.iter().for_each(|ticket| SIGNATURES.forget(*ticket));
            (self.call)(Tell::Stop(tickets));
        }
        signatures
    }

    /// Asks for all signatures, in order, and takes them in any.
    fn ask_all(
        &self,
        kind: &'static str,
        requests: &[Request],
        waiting: &mut Vec<Waiting>,
    ) -> CoreResult<Vec<Signature>> {
        let failed = |message: &str| CoreError::new(ErrorCode::SignerFailed, message);
        let ended = || failed("the thread that brought the signer has ended");
        let mailbox = Mailbox::new();
        let mut signatures: Vec<Option<Signature>> = vec![None; requests.len()];
        let mut to_ask = requests.iter().enumerate();
        loop {
            for (index, request) in to_ask.by_ref().take(AT_ONCE.saturating_sub(waiting.len())) {
                let ticket = SIGNATURES.open(self.thread, &mailbox).ok_or_else(ended)?;
                let now = Instant::now();
                let deadline = now.checked_add(Duration::from_millis(self.timeout_ms)).unwrap_or(now);
                waiting.push(Waiting { ticket, index, deadline });
                if !(self.call)(Tell::Ask(kind, ticket, request)) {
                    return Err(ended());
                }
            }
            // The first that was asked is the first to be too late.
            let Some(first) = waiting.first() else { break };
            let Some((ticket, answer)) = mailbox.take(first.deadline) else {
                let message = format!("the signer did not answer within {} ms", self.timeout_ms);
                return Err(CoreError::new(ErrorCode::SignerTimeout, message));
            };
            let place = waiting.iter().position(|question| question.ticket == ticket);
            let question = place.map(|place| waiting.remove(place));
            let signature = answer.ok_or_else(ended)??;
            if let Some(place) = question.and_then(|question| signatures.get_mut(question.index)) {
                *place = Some(signature);
            }
        }
        signatures.into_iter().collect::<Option<_>>().ok_or_else(|| failed("an event was not signed"))
    }
}

impl Signer for ScriptSigner {
    fn public_key(&self) -> PublicKey {
        self.public_key
    }

    fn sign(&self, _place: &Place<'_>, requests: &[Request]) -> CoreResult<Vec<Signature>> {
        self.ask("sign", requests)
    }

    fn endorse(&self, _place: &Place<'_>, handover: &Request) -> CoreResult<Signature> {
        let signature = self.ask("endorse", std::slice::from_ref(handover))?.pop();
        signature.ok_or_else(|| CoreError::new(ErrorCode::SignerFailed, "the handover was not signed"))
    }

    fn needs_its_thread(&self) -> bool {
        true
    }

    fn is_gone(&self) -> bool {
        SIGNATURES.has_ended(self.thread)
    }
}
