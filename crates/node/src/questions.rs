//! Questions that a writer's thread asks JavaScript, and what a thread that is about to block does with them.
//!
//! A question is a message to the thread that can answer it, with a ticket; the answer comes back by an exported function
//! that is given the ticket, into the mailbox of who asked. He is told, too, when that thread will not answer any more.

use std::collections::HashSet;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

/// A ticket and its answer; none if the thread that was asked answers no more.
pub(crate) type Answer<A> = (u32, Option<A>);

/// Where answers arrive. A channel of the standard library would do the same, and be ten times the code.
pub(crate) struct Mailbox<A> {
    answers: Mutex<Vec<Answer<A>>>,
    arrived: Condvar,
}

impl<A> Mailbox<A> {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { answers: Mutex::new(Vec::new()), arrived: Condvar::new() })
    }

    fn put(&self, answer: Answer<A>) {
        unpoisoned(&self.answers).push(answer);
        self.arrived.notify_one();
    }

    /// Waits for an answer, but not longer than until then.
    pub(crate) fn take(&self, deadline: Instant) -> Option<Answer<A>> {
        let mut answers = unpoisoned(&self.answers);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if let Some(answer) = answers.pop() {
                return Some(answer);
            }
            if left.is_zero() {
                return None;
            }
            answers = self.arrived.wait_timeout(answers, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The open questions of one kind, of all threads of this process.
pub(crate) struct Questions<A>(LazyLock<Mutex<Desk<A>>>);

struct Desk<A> {
    /// The ticket given last.
    last: u32,
    /// At most some dozens for each ledger.
    waiting: Vec<Question<A>>,
    /// Threads that answer no more. Their ids are never used again.
    ended: HashSet<ThreadId>,
}

struct Question<A> {
    ticket: u32,
    /// The thread that has to answer.
    thread: ThreadId,
    mailbox: Arc<Mailbox<A>>,
}

impl<A> Questions<A> {
    pub(crate) const fn new() -> Self {
        Self(LazyLock::new(|| Mutex::new(Desk { last: 0, waiting: Vec::new(), ended: HashSet::new() })))
    }

    /// A ticket for a question to a thread; none if that thread answers no more.
    pub(crate) fn open(&self, thread: ThreadId, mailbox: &Arc<Mailbox<A>>) -> Option<u32> {
        let mut desk = self.desk();
        if desk.ended.contains(&thread) {
            return None;
        }
        let ticket = desk.last.wrapping_add(1);
        desk.last = ticket;
        desk.waiting.push(Question { ticket, thread, mailbox: Arc::clone(mailbox) });
        Some(ticket)
    }

    /// Answers a question, if it is still open.
    pub(crate) fn answer(&self, ticket: u32, answer: A) {
        if let Some(question) = self.close(ticket) {
            question.mailbox.put((ticket, Some(answer)));
        }
    }

    /// Nobody waits for the answer any more.
    pub(crate) fn forget(&self, ticket: u32) {
        self.close(ticket);
    }

    pub(crate) fn has_ended(&self, thread: ThreadId) -> bool {
        self.desk().ended.contains(&thread)
    }

    /// The calling thread is about to block: nobody answers for it until [`Questions::resume`].
    pub(crate) fn abandon(&self) {
        let ending = thread::current().id();
        let mut desk = self.desk();
        desk.ended.insert(ending);
        desk.waiting.retain(|question| {
            let stays = question.thread != ending;
            if !stays {
                question.mailbox.put((question.ticket, None));
            }
            stays
        });
    }

    /// The calling thread goes on, after all.
    pub(crate) fn resume(&self) {
        self.desk().ended.remove(&thread::current().id());
    }

    fn close(&self, ticket: u32) -> Option<Question<A>> {
        let mut desk = self.desk();
        let place = desk.waiting.iter().position(|question| question.ticket == ticket)?;
        Some(desk.waiting.swap_remove(place))
    }

    fn desk(&self) -> MutexGuard<'_, Desk<A>> {
        unpoisoned(&self.0)
    }
}

/// What is behind these locks is never left half changed.
fn unpoisoned<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
