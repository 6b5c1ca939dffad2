//! Anchors: that the root of a batch stands in a contract of a chain, put there by a transaction that went through.
//!
//! Nothing here talks to a chain. [`requests`] says what to ask an endpoint (Ethereum's JSON-RPC), [`verify_anchor`] judges the
//! answers. Contract and chain are the caller's: an anchor that names its own would vouch for itself.
//!
//! ```text
//! getCommitment(string) -> (bytes32 root, uint32, string, uint64)
//! data = 0xa7b09e2a || word(32) || word(length of the batch id) || batch id, padded with zeros to words
//! ```

use super::wire::{Names, Object, Result, read};
use crate::error::{ProblemCode, excerpt};
use crate::hash::{Hash, decode_hex, encode_hex};
use crate::json::members::{Type, type_of};
use crate::proof::inclusion::{Problem, to_json};
use serde::Serialize;
use serde_json::{Value, json};

/// The first four bytes of Keccak-256 of `getCommitment(string)`.
const SELECTOR: &str = "a7b09e2a";

/// What the caller holds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pinned {
    /// Address of the contract.
    pub contract: [u8; 20],
    /// Number of the chain (EIP-155).
    pub chain_id: u64,
    /// Blocks that there must be from that of the transaction to the last one, both counted; at least 1.
    pub confirmations: u64,
}

impl Pinned {
    /// The contract of an address of 40 hex digits behind `0x`, of either case.
    pub fn contract_of(address: &str) -> Option<[u8; 20]> {
        decode_hex(&address.strip_prefix("0x")?.to_ascii_lowercase())
    }
}

/// What an endpoint said to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The body of its response.
    Body(String),
    /// Nothing that could be read: why.
    Failed(String),
}

/// What the chain shows of an anchor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnchorReport {
    /// There are no problems.
    pub ok: bool,
    /// All that were found.
    pub problems: Vec<Problem>,
    /// Name of the batch; nothing unless the anchor can be read.
    pub batch_id: Option<String>,
    /// The root, if the contract has it for that batch.
    pub merkle_root: Option<Hash>,
    /// Blocks from that of the transaction to the last one, both counted; nothing unless that was asked.
    pub confirmations: Option<u64>,
}

impl AnchorReport {
    /// As JSON, its members as TypeScript names them.
    pub fn to_json(&self) -> crate::Result<String> {
        to_json(self)
    }
}

/// What is asked, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    ChainId,
    Commitment,
    Transaction,
    LastBlock,
}

impl Question {
    fn all(pinned: &Pinned) -> &'static [Self] {
        let all = &[Self::ChainId, Self::Commitment, Self::Transaction, Self::LastBlock];
        if pinned.confirmations > 1 { all } else { all.split_at(3).0 }
    }

    fn method(self) -> &'static str {
        match self {
            Self::ChainId => "eth_chainId",
            Self::Commitment => "eth_call",
            Self::Transaction => "eth_getTransactionReceipt",
            Self::LastBlock => "eth_blockNumber",
        }
    }

    fn params(self, anchor: &Anchor, pinned: &Pinned) -> Value {
        match self {
            Self::ChainId | Self::LastBlock => json!([]),
            Self::Commitment => {
                let to = format!("0x{}", encode_hex(&pinned.contract));
                json!([{ "to": to, "data": call_data(&anchor.batch_id) }, "latest"])
            }
            Self::Transaction => json!([format!("0x{}", anchor.transaction)]),
        }
    }
}

/// The bodies of the requests that [`verify_anchor`] takes the answers of: JSON-RPC, numbered from 1. A report if there is
/// nothing to ask.
pub fn requests(anchor: &str, pinned: &Pinned) -> Result<Vec<String>, AnchorReport> {
    let anchor = Anchor::read(anchor, pinned).map_err(|problem| AnchorReport {
        ok: false,
        problems: vec![problem],
        batch_id: None,
        merkle_root: None,
        confirmations: None,
    })?;
    let body = |(id, question): (u64, &Question)| {
        let (method, params) = (question.method(), question.params(&anchor, pinned));
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    };
    Ok((1..).zip(Question::all(pinned)).map(body).collect())
}

/// Judges the answers to the requests, in their order.
pub fn verify_anchor(anchor: &str, pinned: &Pinned, answers: &[Answer]) -> AnchorReport {
    let mut problems = Vec::new();
    let anchor = Anchor::read(anchor, pinned).map_err(|problem| problems.push(problem)).ok();
    let mut judged = Judged::default();
    if let Some(anchor) = &anchor {
        for (index, question) in Question::all(pinned).iter().enumerate() {
            let missing = Answer::Failed("there is no answer".to_owned());
            let id = u64::try_from(index).unwrap_or(u64::MAX).saturating_add(1);
            let result = result_of(answers.get(index).unwrap_or(&missing), id)
                .map_err(|why| Problem::new(ProblemCode::RpcFailed, format!("{} failed: {why}", question.method())));
            let judgement = result.and_then(|result| judged.judge(*question, &result, anchor, pinned, &mut problems));
            problems.extend(judgement.err());
        }
    }
    let is_anchored = problems.is_empty();
    AnchorReport {
        ok: is_anchored,
        problems,
        merkle_root: judged.root,
        confirmations: judged.confirmations,
        batch_id: anchor.map(|anchor| anchor.batch_id),
    }
}

/// What was found so far.
#[derive(Default)]
struct Judged {
    root: Option<Hash>,
    confirmations: Option<u64>,
}

impl Judged {
    fn judge(
        &mut self,
        question: Question,
        result: &str,
        anchor: &Anchor,
        pinned: &Pinned,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let unreadable = || {
            let reason = format!("{} says {}, which is no answer to it", question.method(), excerpt(result));
            Problem::new(ProblemCode::RpcFailed, reason)
        };
        match question {
            Question::ChainId => {
                let chain = quantity(result).ok_or_else(unreadable)?;
                if chain != pinned.chain_id {
                    let reason = format!("the endpoint is of chain {chain}, not {}", pinned.chain_id);
                    return Err(Problem::new(ProblemCode::ChainIdMismatch, reason));
                }
            }
            Question::Commitment => {
                let root = first_word(result).ok_or_else(unreadable)?;
                if root != anchor.root {
                    let reason = format!("the contract has the root {root} for that batch, the anchor another");
                    return Err(Problem::new(ProblemCode::RootMismatch, reason));
                }
                self.root = Some(root);
            }
            Question::Transaction => check_transaction(result, anchor, pinned, problems)?,
            Question::LastBlock => {
                let last = quantity(result).ok_or_else(unreadable)?;
                let confirmations = last.checked_sub(anchor.block).map_or(0, |more| more.saturating_add(1));
                self.confirmations = Some(confirmations);
                if confirmations < pinned.confirmations {
                    let reason = format!("it has {confirmations} confirmations, fewer than {}", pinned.confirmations);
                    return Err(Problem::new(ProblemCode::AnchorUnconfirmed, reason));
                }
            }
        }
        Ok(())
    }
}

fn check_transaction(result: &str, anchor: &Anchor, pinned: &Pinned, problems: &mut Vec<Problem>) -> Result<()> {
    if type_of(result) == Type::Null {
        let reason = format!("the chain has no transaction 0x{}", anchor.transaction);
        return Err(Problem::new(ProblemCode::TransactionMissing, reason));
    }
    let receipt = Object::new(result, Names::Either, "receipt of the transaction", ProblemCode::RpcFailed)?;
    let mut found = |code, reason: String| problems.push(Problem::new(code, reason));
    if receipt.value("status")? != r#""0x1""# {
        found(ProblemCode::TransactionFailed, "the transaction did not go through".to_owned());
    }
    if hash_behind_0x(&receipt.any_text("transaction_hash")?) != Some(anchor.transaction) {
        found(ProblemCode::TransactionMismatch, "the receipt is of another transaction".to_owned());
    }
    if address(receipt.value("to")?) != Some(pinned.contract) {
        found(ProblemCode::TransactionMismatch, "the transaction is not sent to the contract".to_owned());
    }
    if quantity(receipt.value("block_number")?) != Some(anchor.block) {
        found(ProblemCode::BlockMismatch, format!("the transaction is not in block {}", anchor.block));
    }
    Ok(())
}

/// What an anchor says of itself.
struct Anchor {
    batch_id: String,
    root: Hash,
    transaction: Hash,
    block: u64,
}

impl Anchor {
    fn read(text: &str, pinned: &Pinned) -> Result<Self> {
        let text = read(text)?;
        let anchor = Object::new(&text, Names::Either, "anchor", ProblemCode::AnchorMalformed)?;
        let hash = |name| {
            let text = anchor.any_text(name)?;
            let hash = hash_behind_0x(&text).or_else(|| Hash::from_hex(&text)).filter(|hash| *hash != Hash::GENESIS);
            hash.ok_or_else(|| {
                anchor.refuse(&format!("has a {name} that is not 32 bytes in lower-case hex, or all zeros"))
            })
        };
        let (root, transaction) = (hash("merkle_root")?, hash("tx_hash")?);
        if anchor.has("chain_id")? && anchor.integer("chain_id")? != pinned.chain_id {
            let reason = format!("the anchor is of another chain than {}", pinned.chain_id);
            return Err(Problem::new(ProblemCode::ChainIdMismatch, reason));
        }
        let payload = match anchor.has("payload")? {
            true => Some(anchor.object("payload", "payload of the anchor")?),
            false => None,
        };
        for object in [Some(anchor), payload].into_iter().flatten() {
            if object.has("contract_address")? && address(object.value("contract_address")?) != Some(pinned.contract) {
                let reason = format!("the anchor names another contract than 0x{}", encode_hex(&pinned.contract));
                return Err(Problem::new(ProblemCode::ContractMismatch, reason));
            }
        }
        if anchor.has("status")? && anchor.any_text("status")? != "confirmed" {
            let reason = format!("the anchor is {:?}, not confirmed", excerpt(&anchor.any_text("status")?));
            return Err(Problem::new(ProblemCode::AnchorUnconfirmed, reason));
        }
        Ok(Self {
            batch_id: anchor.text("anchor_batch_id")?,
            root,
            transaction,
            block: anchor.integer("block_number")?,
        })
    }
}

/// The result of a JSON-RPC response, as canonical JSON.
fn result_of(answer: &Answer, id: u64) -> Result<String, String> {
    let body = match answer {
        Answer::Body(body) => read(body).map_err(|problem| problem.reason)?,
        Answer::Failed(why) => return Err(why.clone()),
    };
    let envelope = Object::new(&body, Names::Snake, "response", ProblemCode::RpcFailed);
    let result = envelope.and_then(|envelope| {
        if envelope.has("error")? {
            return Err(envelope.refuse(&format!("is an error, {}", excerpt(envelope.value("error")?))));
        }
        if envelope.integer("id")? != id || envelope.any_text("jsonrpc")? != "2.0" {
            return Err(envelope.refuse("is to another request"));
        }
        envelope.value("result").map(str::to_owned)
    });
    result.map_err(|problem| problem.reason)
}

fn call_data(batch_id: &str) -> String {
    let word = |number: usize| format!("{number:064x}");
    let mut bytes = batch_id.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(32), 0);
    format!("0x{SELECTOR}{}{}{}", word(32), word(batch_id.len()), encode_hex(&bytes))
}

/// A number as Ethereum has it in JSON: hex digits behind `0x`.
fn quantity(value: &str) -> Option<u64> {
    let digits = unquote(value)?.strip_prefix("0x")?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(digits, 16).ok().filter(|_| is_plain)
}

/// The first 32 bytes of some bytes in hex.
fn first_word(value: &str) -> Option<Hash> {
    let digits = unquote(value)?.strip_prefix("0x")?;
    Hash::from_hex(&digits.get(..64)?.to_ascii_lowercase())
}

fn address(value: &str) -> Option<[u8; 20]> {
    Pinned::contract_of(unquote(value)?)
}

fn hash_behind_0x(text: &str) -> Option<Hash> {
    Hash::from_hex(text.strip_prefix("0x")?)
}

fn unquote(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}
